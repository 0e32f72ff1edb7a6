-- Probes: statements that find every payment and every entry that may be wrong, so that only those are judged.
--
-- Each is a statement of its own and finds one kind of suspect. What none of them finds is proven to stand as it should:
-- the payment has just the entries that the judgement found nothing wrong with when its worth was kept. They accuse
-- nobody; a suspect is judged like any other payment.
--
-- Portable: no JSON, no division, whole numbers (BIGINT) and texts only. `entry` is the ledger's entries or the rows of an
-- application, `worth` what each payment is worth: `facts` counts its refunds and disputes, which take `taken` credits and
-- have returned `returned` of its amount; where `look` is 1 it is judged every time; where `twice` is 1 its user paid again
-- within minutes. `due` and `due_entry` are the rows of both that are asked about: all of them, or those of the payments of
-- which something changed, with all their entries.
--
-- Parameters: livemode is 0 or 1, scale how many of its smallest units a credit has in `entry`, grace seconds.

-- name: judged_every_time
SELECT w.payment
FROM due w
WHERE w.look = 1;

-- name: without_entry
SELECT w.payment
FROM due w
WHERE w.user_id IS NOT NULL
  AND w.look = 0
EXCEPT
SELECT e.payment_key FROM due_entry e WHERE e.payment_key IS NOT NULL
ORDER BY 1;

-- name: taken_otherwise
SELECT w.payment
FROM due w
LEFT JOIN entry e
  ON e.payment_key = w.payment
  AND e.kind IN ('purchase', 'refund', 'refund_reversal', 'dispute', 'dispute_reversal')
WHERE w.facts > 0
  AND w.look = 0
  AND w.user_id IS NOT NULL
GROUP BY w.payment
HAVING SUM(CASE WHEN e.kind = 'purchase' THEN 1 ELSE 0 END) <> 1
  OR SUM(CASE WHEN e.kind <> 'purchase' THEN e.credits ELSE 0 END) <> 0 - MAX(w.taken)
  OR SUM(CASE WHEN e.kind <> 'purchase' THEN e.amount ELSE 0 END) <> 0 - MAX(w.returned);

-- name: bought_twice
SELECT w.payment
FROM due w
WHERE w.twice = 1;

-- An entry just as a webhook writes it is proven by the first case alone: only one can have its idempotency key. It has the
-- time of its session, and a row of worth lies at `place`, from 1024 times the second in which its session was opened on:
-- so purchases are joined with rows that lie one beside the other. (Payments that are compared by = would be sought in an
-- index, each from its root.) Use of credits names no payment. Any other entry, and one whose row lies elsewhere, has to
-- be the only purchase of its payment, which is found by its name, and may say less than the payment does.
-- name: unexplained_entry
SELECT e.number
FROM due_entry e
LEFT JOIN worth w
  ON w.place >= CASE WHEN e.kind = 'purchase' THEN e.created * 1024 END
  AND w.place < e.created * 1024 + 1024
  AND NOT (w.payment <> e.payment_key)
WHERE CASE
    WHEN e.idempotency_key = 'purchase:' || w.payment
      AND e.done = 1
      AND e.livemode = :livemode
      AND e.user_id = w.user_id
      AND e.session_id = w.session_id
      AND e.credits = w.credits * :scale
      AND e.amount = w.amount
      AND e.currency = w.currency
      AND e.package = w.package
      AND e.recorded + :grace >= w.paid
      AND e.created >= w.opened
    THEN 0
    WHEN e.kind = 'usage' AND e.payment_key IS NULL
    THEN 0
    WHEN EXISTS (
        SELECT 1
        FROM worth w
        WHERE w.payment = e.payment_key
          AND e.kind NOT IN ('usage', 'adjustment')
          AND (e.session_id IS NULL OR e.session_id = w.session_id)
          AND (
            w.look = 1
            OR (
              e.user_id = w.user_id
              AND e.done = 1
              AND e.livemode = :livemode
              AND (
                (
                  e.kind = 'purchase'
                  AND e.credits = w.credits * :scale
                  AND (e.amount = w.amount OR (e.amount = w.total AND w.returned = 0) OR e.amount IS NULL)
                  AND (e.currency = w.currency OR (e.currency IS NULL AND e.amount IS NULL))
                  AND (e.package IS NULL OR w.package IS NULL OR e.package = w.package)
                  AND e.recorded + :grace >= w.paid
                  AND (e.created >= w.opened OR e.idempotency_key NOT LIKE 'purchase:%')
                  AND NOT EXISTS (
                    SELECT 1
                    FROM entry p
                    WHERE p.payment_key = e.payment_key AND p.number <> e.number AND p.kind = 'purchase'
                  )
                )
                OR (
                  w.facts > 0
                  AND e.kind IN ('refund', 'refund_reversal', 'dispute', 'dispute_reversal')
                )
              )
            )
          )
      )
    THEN 0
    ELSE 1
  END = 1;
