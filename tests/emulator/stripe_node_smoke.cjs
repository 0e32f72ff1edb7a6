// The official Node client against a server on loopback; prints one JSON document of what it saw.
const path = require("path");
const Stripe = require(path.join(process.env.STRIPE_NODE, "node_modules", "stripe"));
const [, , port, key] = process.argv;
const open = { host: "127.0.0.1", port, protocol: "http", maxNetworkRetries: 0, telemetry: false };
const stripe = new Stripe(key, open);

const seen = {};
const refusal = async (action) => {
  try {
    await action();
    return null;
  } catch (error) {
    return {
      type: error.type, code: error.code, param: error.param, decline_code: error.decline_code,
      status: error.statusCode, intent: error.payment_intent && error.payment_intent.status,
      request: Boolean(error.requestId), doc: error.doc_url,
    };
  }
};
const pay = (method, more) => stripe.paymentIntents.create({
  amount: 1000, currency: "usd", confirm: true, payment_method: method,
  automatic_payment_methods: { enabled: true, allow_redirects: "never" }, ...more,
});

async function catalogue() {
  const product = await stripe.products.create({ name: "Starter", metadata: { credits: "1000" } });
  const price = await stripe.prices.create({
    product: product.id, currency: "usd", unit_amount: 1000, lookup_key: "starter", metadata: { credits: "1000" },
  });
  const found = await stripe.prices.list({ lookup_keys: ["starter"], expand: ["data.product"] });
  const moved = await stripe.prices.create({
    product: product.id, currency: "usd", unit_amount: 1200, lookup_key: "starter", transfer_lookup_key: true,
  });
  const updated = await stripe.products.update(product.id, { metadata: { credits: "", slug: "starter" } });
  seen.version = product.lastResponse.apiVersion;
  seen.expanded = found.data[0].product.name;
  seen.decimal = String(price.unit_amount_decimal);
  seen.moved = [(await stripe.prices.retrieve(price.id)).lookup_key, moved.lookup_key];
  seen.metadata = updated.metadata;
  return moved;
}

async function checkout(price) {
  const session = await stripe.checkout.sessions.create({
    mode: "payment", success_url: "https://shop.example/ok?id={CHECKOUT_SESSION_ID}", client_reference_id: "user_1",
    line_items: [{ price: price.id, quantity: 2 }], payment_intent_data: { metadata: { user_id: "user_1" } },
  });
  const items = await stripe.checkout.sessions.listLineItems(session.id);
  const expired = await stripe.checkout.sessions.expire(session.id);
  seen.session = [session.status, session.amount_total, items.data[0].quantity, expired.status, expired.url];
  seen.expiredTwice = await refusal(() => stripe.checkout.sessions.expire(session.id));
}

async function payments() {
  const paid = await pay("pm_card_visa", { expand: ["latest_charge"] });
  const refund = await stripe.refunds.create({ payment_intent: paid.id, amount: 400 });
  const held = await pay("pm_card_visa", { capture_method: "manual" });
  const captured = await stripe.paymentIntents.capture(held.id, { amount_to_capture: 600 });
  seen.paid = [paid.status, paid.latest_charge.payment_method_details.card.last4, refund.status, captured.amount_received];
  seen.declined = await refusal(() => pay("pm_card_chargeDeclinedInsufficientFunds"));
  seen.missing = await refusal(() => stripe.products.create({}));
  seen.unknown = await refusal(() => stripe.customers.retrieve("cus_nobody"));
  seen.overRefund = await refusal(() => stripe.refunds.create({ payment_intent: paid.id, amount: 601 }));
  seen.badKey = await refusal(() => new Stripe("sk_test_", open).balance.retrieve());
}

async function idempotency() {
  const options = { idempotencyKey: "node-1" };
  const first = await stripe.customers.create({ name: "A" }, options);
  const again = await stripe.customers.create({ name: "A" }, options);
  seen.replayed = [first.id === again.id, again.lastResponse.headers["idempotent-replayed"]];
  seen.mismatch = await refusal(() => stripe.customers.create({ name: "B" }, options));
  seen.deleted = (await stripe.customers.del(first.id)).deleted;
  seen.stub = (await stripe.customers.retrieve(first.id)).deleted;
}

async function pages() {
  const names = [];
  for await (const event of stripe.events.list({ limit: 3, types: ["payment_intent.succeeded", "charge.refunded"] })) {
    names.push(event.type);
  }
  seen.events = names;
  const search = [];
  for await (const product of stripe.products.search({ query: "name:'Starter' AND active:'true'", limit: 1 })) {
    search.push(product.name);
  }
  seen.search = search;
}

async function webhooks() {
  const endpoint = await stripe.webhookEndpoints.create({ url: "https://shop.example/hook", enabled_events: ["*"] });
  const payload = JSON.stringify({ id: "evt_1", object: "event", type: "charge.refunded" });
  const header = stripe.webhooks.generateTestHeaderString({ payload, secret: endpoint.secret });
  seen.event = stripe.webhooks.constructEvent(payload, header, endpoint.secret).type;
}

catalogue().then(checkout).then(payments).then(idempotency).then(pages).then(webhooks)
  .then(() => console.log(JSON.stringify(seen)), (error) => { console.error(error); process.exit(1); });
