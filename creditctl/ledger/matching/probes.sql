-- Probes: statements that find every payment and every entry that may be wrong, so that only those are judged.
--
-- Each is a statement of its own and finds one kind of suspect. What none of them finds is proven to stand as it should:
-- the payment has just the entries that the judgement found nothing wrong with when its worth was kept. They accuse
-- nobody; a suspect is judged like any other payment.
--
-- Portable: no JSON, no division, whole numbers (BIGINT) and texts only. `entry` is the ledger's entries or the rows of an
-- application, `worth` what each payment is worth: `facts` counts its refunds and disputes, which take `taken` credits and
-- have returned `returned` of its amount; where `look` is 1 it is judged every time. `due` and `due_entry` are the rows of
-- both that are asked about: all of them, or those of the payments of which something changed, with all their entries.
--
-- Parameters: livemode is 0 or 1, scale how many of its smallest units a credit has in `entry`, grace and close seconds.

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

-- name: credited_otherwise_than_once
SELECT several.payment_key
FROM (
  SELECT e.payment_key FROM due_entry e WHERE e.payment_key IS NOT NULL GROUP BY e.payment_key HAVING COUNT(*) > 1
) several
WHERE (
  SELECT COUNT(*) FROM entry p WHERE p.payment_key = several.payment_key AND p.kind = 'purchase'
) <> 1;

-- name: taken_otherwise
SELECT w.payment
FROM due w
WHERE w.facts > 0
  AND w.look = 0
  AND w.user_id IS NOT NULL
  AND (
    (SELECT COUNT(*) FROM entry p WHERE p.payment_key = w.payment AND p.kind = 'purchase') <> 1
    OR (
      SELECT COALESCE(SUM(c.credits), 0) FROM entry c
      WHERE c.payment_key = w.payment AND c.kind IN ('refund', 'refund_reversal', 'dispute', 'dispute_reversal')
    ) <> 0 - w.taken
    OR (
      SELECT COALESCE(SUM(c.amount), 0) FROM entry c
      WHERE c.payment_key = w.payment AND c.kind IN ('refund', 'refund_reversal', 'dispute', 'dispute_reversal')
    ) <> 0 - w.returned
  );

-- name: bought_twice
SELECT w.payment
FROM due w
WHERE w.bought IS NOT NULL
  AND EXISTS (
    SELECT 1
    FROM worth o
    WHERE o.user_id = w.user_id
      AND o.bought > w.bought - :close
      AND o.bought < w.bought + :close
      AND o.payment <> w.payment
  );

-- name: unexplained_entry
SELECT e.number
FROM due_entry e
WHERE (e.kind <> 'usage' OR e.payment_key IS NOT NULL)
  AND NOT EXISTS (
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
            )
            OR (
              w.facts > 0
              AND e.kind IN ('refund', 'refund_reversal', 'dispute', 'dispute_reversal')
            )
          )
        )
      )
  );
