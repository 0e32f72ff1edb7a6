// Credit backends in Node, as they are written with Express: one correct class, and others with one defect each.
// node express_shop.cjs NAME, settings from the environment; ZOO_NODE names a folder where npm installed express.
"use strict";

const crypto = require("node:crypto");
const http = require("node:http");
const path = require("node:path");

const { STRIPE_API_BASE, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, PORT, ZOO_NODE } = process.env;
const PACKAGES = { starter: [1000, 1000], basic: [5500, 4500], pro: [13500, 10000], business: [35000, 22500], enterprise: [120000, 70000] };
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const waiting = new Map(); // place -> lets whoever came there last go on

/** Something slow: it lasts until somebody else is at the same place, or a while. A pause alone proves nothing where all stands still. */
const slowly = (place) =>
  new Promise((goOn) => {
    (waiting.get(place) || (() => {}))();
    waiting.set(place, goOn);
    setTimeout(goOn, Number(process.env.ZOO_SLOW_MILLISECONDS || 100));
  });

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

class Shop {
  constructor() {
    this.entries = new Map(); // unique key -> [user, credits]
    this.payments = new Map(); // payment -> { user, credits, charged }
    this.returns = new Map(); // refund or dispute -> [payment, amount]
    this.taken = new Map(); // payment -> credits
  }

  async stripe(method, place, params) {
    const body = params ? new URLSearchParams(params).toString() : undefined;
    const headers = { authorization: `Bearer ${STRIPE_SECRET_KEY}`, "content-type": "application/x-www-form-urlencoded" };
    const answer = await fetch(STRIPE_API_BASE + place, { method, headers, body });
    if (!answer.ok) throw new Refused(answer.status === 404 ? 404 : 502, "stripe");
    return answer.json();
  }

  async purchase(user, wanted) {
    const slug = this.packageIn(wanted);
    const [, cents] = PACKAGES[slug];
    const metadata = { user_id: user, package: slug };
    const params = {
      mode: "payment",
      "line_items[0][price_data][currency]": "usd",
      "line_items[0][price_data][unit_amount]": cents,
      "line_items[0][price_data][product_data][name]": slug,
      "line_items[0][quantity]": 1,
      success_url: "http://localhost/success?session_id={CHECKOUT_SESSION_ID}",
      client_reference_id: user,
    };
    for (const [name, value] of Object.entries(metadata)) {
      params[`metadata[${name}]`] = value;
      params[`payment_intent_data[metadata][${name}]`] = value;
    }
    const session = await this.stripe("POST", "/v1/checkout/sessions", params);
    return { url: session.url };
  }

  packageIn(wanted) {
    const slug = wanted && typeof wanted === "object" ? wanted.packageId : undefined;
    if (typeof slug !== "string" || !Object.hasOwn(PACKAGES, slug)) throw new Refused(400, "packageId");
    return slug;
  }

  balance(user) {
    let sum = 0;
    for (const [owner, credits] of this.entries.values()) if (owner === user) sum += credits;
    return sum;
  }

  async page(user, id) {
    const session = await this.stripe("GET", `/v1/checkout/sessions/${encodeURIComponent(id)}`);
    if (session.client_reference_id !== user) throw new Refused(404, "session");
    return { id: session.id, status: session.payment_status };
  }

  verify(raw, header) {
    const pairs = String(header || "").split(",").map((part) => part.split("="));
    const time = (pairs.find(([name]) => name === "t") || [])[1];
    if (!/^\d+$/.test(time || "") || Math.abs(Date.now() / 1000 - Number(time)) > 300) throw new Refused(400, "time");
    const right = crypto.createHmac("sha256", STRIPE_WEBHOOK_SECRET).update(`${time}.`).update(raw).digest("hex");
    if (!pairs.some(([name, value]) => name === "v1" && this.isSame(right, value || ""))) throw new Refused(400, "signature");
  }

  isSame(right, given) {
    const [one, other] = [Buffer.from(right), Buffer.from(given)];
    return one.length === other.length && crypto.timingSafeEqual(one, other);
  }

  async webhook(raw, header, answer) {
    this.verify(raw, header);
    const event = JSON.parse(raw.toString("utf8"));
    if (!event.livemode) await this.handle(event);
    answer(200, { received: true });
  }

  async handle(event) {
    const about = event.data.object;
    switch (event.type) {
      case "checkout.session.completed":
      case "checkout.session.async_payment_succeeded":
        if (about.payment_status !== "unpaid") await this.fulfil(about);
        break;
      case "refund.created":
      case "refund.updated":
      case "refund.failed":
        this.noteReturn(about.id, about.payment_intent, ["failed", "canceled"].includes(about.status) ? 0 : about.amount);
        break;
      case "charge.dispute.created":
      case "charge.dispute.funds_withdrawn":
      case "charge.dispute.funds_reinstated":
      case "charge.dispute.closed": {
        const dispute = await this.stripe("GET", `/v1/disputes/${about.id}`);
        const held = dispute.balance_transactions.reduce((sum, each) => sum - each.amount, 0);
        this.noteReturn(dispute.id, dispute.payment_intent, Math.max(0, held));
      }
    }
  }

  buyer(session) {
    return session.client_reference_id;
  }

  async fulfil(session) {
    const [user, slug] = [this.buyer(session), (session.metadata || {}).package];
    if (!user || !Object.hasOwn(PACKAGES, slug || "")) return;
    const [credits, cents] = PACKAGES[slug];
    if (session.currency !== "usd" || session.amount_subtotal % cents) return;
    await this.credit(session.payment_intent || session.id, user, (credits * session.amount_subtotal) / cents, session.amount_total);
  }

  async credit(payment, user, credits, charged) {
    if (this.entries.has(payment)) return; // nothing waits between the look and the entry: one thread
    this.entries.set(payment, [user, credits]);
    this.payments.set(payment, { user, credits, charged });
    this.settle(payment);
  }

  noteReturn(id, payment, amount) {
    this.returns.set(id, [payment, amount]);
    this.settle(payment);
  }

  settle(payment) {
    const bought = this.payments.get(payment);
    if (!bought || !bought.charged) return;
    let returned = 0;
    for (const [of, amount] of this.returns.values()) if (of === payment) returned += amount;
    const target = Math.floor((bought.credits * Math.min(returned, bought.charged)) / bought.charged);
    const taken = this.taken.get(payment) || 0;
    if (target !== taken) {
      this.entries.set(`taken:${payment}:${this.entries.size}`, [bought.user, taken - target]);
      this.taken.set(payment, target);
    }
  }
}

class QueueFirst extends Shop {
  constructor() {
    super();
    this.queue = Promise.resolve();
  }
  async webhook(raw, header, answer) {
    this.verify(raw, header);
    const event = JSON.parse(raw.toString("utf8"));
    answer(202, {});
    if (!event.livemode) this.queue = this.queue.then(() => this.untilDone(event));
  }
  async untilDone(event) {
    for (;;) {
      try {
        return await this.handle(event);
      } catch {
        await pause(50);
      }
    }
  }
}

class StringifiesTheBody extends Shop {
  verify(raw, header) {
    super.verify(Buffer.from(JSON.stringify(JSON.parse(raw.toString("utf8")))), header);
  }
}

class AnswersThenForgets extends Shop {
  async webhook(raw, header, answer) {
    this.verify(raw, header);
    answer(200, { received: true });
    const event = JSON.parse(raw.toString("utf8"));
    if (!event.livemode) this.handle(event).catch(() => {});
  }
  async fulfil(session) {
    await super.fulfil(await this.stripe("GET", `/v1/checkout/sessions/${session.id}`));
  }
}

class ReadsThenWrites extends Shop {
  constructor() {
    super();
    this.balances = new Map();
  }
  balance(user) {
    return this.balances.get(user) || 0;
  }
  async credit(payment, user, credits) {
    if (this.entries.has(payment)) return;
    this.entries.set(payment, [user, credits]);
    const before = this.balance(user);
    await slowly(user);
    this.balances.set(user, before + credits);
  }
}

class ChecksThenCredits extends Shop {
  async credit(payment, user, credits, charged) {
    if (this.entries.has(payment)) return;
    await slowly(payment);
    this.entries.set(`${payment}:${this.entries.size}`, [user, credits]);
    this.entries.set(payment, [user, 0]);
    this.payments.set(payment, { user, credits, charged });
    this.settle(payment);
  }
}

class AddsTexts extends Shop {
  balance(user) {
    let sum = "";
    for (const [owner, credits] of this.entries.values()) if (owner === user) sum += credits;
    return Number(sum);
  }
}

class KnowsBuyersByEmail extends Shop {
  async purchase(user, wanted) {
    const found = await super.purchase(user, wanted);
    this.lastUser = user;
    return found;
  }
  buyer(session) {
    this.emails = this.emails || new Map();
    const email = (session.customer_details || {}).email;
    if (!this.emails.has(email)) this.emails.set(email, session.client_reference_id || this.lastUser);
    return this.emails.get(email);
  }
}

class TrustsTheBody extends Shop {
  packageIn(wanted) {
    return wanted.packageId.toLowerCase() in PACKAGES ? wanted.packageId.toLowerCase() : "starter";
  }
}

class ComparesTheBeginning extends Shop {
  isSame(right, given) {
    return right.startsWith(given);
  }
}

class KnowsNoRefunds extends Shop {
  async handle(event) {
    if (!event.type.startsWith("refund.")) await super.handle(event);
  }
}

const KINDS = {
  express: Shop, "express-queue-first": QueueFirst, "express-stringifies-the-body": StringifiesTheBody,
  "express-answers-then-forgets": AnswersThenForgets, "express-reads-then-writes": ReadsThenWrites,
  "express-checks-then-credits": ChecksThenCredits, "express-adds-texts": AddsTexts,
  "express-knows-buyers-by-email": KnowsBuyersByEmail, "express-trusts-the-body": TrustsTheBody,
  "express-compares-the-beginning": ComparesTheBeginning, "express-knows-no-refunds": KnowsNoRefunds,
};
const shop = new KINDS[process.argv[2]]();

const userOf = (headers) => (/^Bearer user:(.+)$/.exec(headers.authorization || "") || [])[1];

async function route(method, url, headers, raw, answer) {
  const user = userOf(headers);
  try {
    if (method === "POST" && url.pathname === "/api/stripe/webhook") return await shop.webhook(raw, headers["stripe-signature"], answer);
    if (url.pathname === "/health") return answer(200, {});
    if (!user) throw new Refused(401, "sign in");
    if (method === "POST" && url.pathname === "/api/checkout") return answer(200, await shop.purchase(user, parsed(raw)));
    if (url.pathname === "/api/me/credits") return answer(200, { data: { credits: shop.balance(user) } });
    if (url.pathname === "/api/checkout/success") return answer(200, await shop.page(user, url.searchParams.get("session_id")));
    throw new Refused(404, "no such page");
  } catch (error) {
    answer(error.status || 500, { error: error.message });
  }
}

function parsed(raw) {
  try {
    return JSON.parse(raw.toString("utf8"));
  } catch {
    throw new Refused(400, "no JSON");
  }
}

function withExpress(express) {
  const app = express();
  app.use(express.raw({ type: () => true, limit: "2mb" }));
  app.use((request, response) => {
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const url = new URL(request.originalUrl, "http://localhost");
    return route(request.method, url, request.headers, raw, (status, body) => response.status(status).json(body));
  });
  return app;
}

function withoutExpress(request, response) {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () =>
    route(request.method, new URL(request.url, "http://localhost"), request.headers, Buffer.concat(parts), (status, body) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    }),
  );
}

function listener() {
  try {
    return withExpress(require(path.join(ZOO_NODE || "", "node_modules", "express")));
  } catch {
    return withoutExpress;
  }
}

http.createServer(listener()).listen(Number(PORT), "127.0.0.1");
