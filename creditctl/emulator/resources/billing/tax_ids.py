"""Tax ids of customers: given with the customer, by call, or on a Checkout page.

Source: Stripe API reference, "Tax IDs"; Stripe docs, "Customer tax IDs": what an authority verifies is pending first,
and `customer.tax_id.updated` tells the result some seconds later. Here the number itself decides: those for tests as
documented, and any other is verified (unconfirmed). Of other types nobody verifies: `unavailable`.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import ListFilter, list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import erase
from creditctl.emulator.protocol.errors import missing_parameter, no_such, not_acted_on
from creditctl.emulator.protocol.fields import Enum, Field, Text
from creditctl.emulator.protocol.schema import Hash, Listing
from creditctl.emulator.protocol.wire import ListPage
from creditctl.emulator.resources.billing.tax_id_formats import check_format, country_of, verification_result
from creditctl.emulator.storage.object_types import CUSTOMER, TAX_ID, Body
from creditctl.emulator.storage.store import Condition, column, decode

_TYPES_TEXT = """
ad_nrt ae_trn al_tin am_tin ao_tin ar_cuit au_abn au_acn au_arn au_wpn aw_tin az_tin ba_tin bb_tin bd_bin bf_ifu
bg_uic bh_vat bj_ifu bo_tin br_cnpj br_cpf bs_tin bw_vat by_tin ca_bn ca_gst_hst ca_pst_bc ca_pst_mb ca_pst_sk ca_qst
cd_nif ch_uid ch_vat ci_vat cl_tin cm_niu cn_tin co_nit cr_tin cv_nif cz_dic de_stn do_rcn ec_ruc eg_tin es_cif et_tin
eu_oss_vat eu_vat fo_vat fr_siren fr_siret fr_spi gb_vat ge_vat gh_tin gi_tin gn_nif hk_br hr_oib hu_tin ic_nif
id_npwp il_vat in_gst is_kt is_vat it_cf jp_cn jp_rn jp_trn ke_pin kg_tin kh_tin kr_brn kz_bin la_tin li_uid li_vat
lk_vat ma_vat md_cf md_vat me_pib mk_vat mr_nif mu_vat mx_rfc my_frp my_itn my_sst mz_nuit ng_tin no_vat no_voec
np_pan nz_bn nz_gst om_vat pe_ruc ph_tin pl_nip pt_nif py_ruc ro_tin rs_pib ru_inn ru_kpp sa_vat sg_gst sg_uen si_tin
sm_coe sn_ninea sr_fin sv_nit th_vat tj_tin tr_tin tt_bir tt_vat tw_vat tz_vat ua_vat ug_tin us_ein uy_ruc uz_tin
uz_vat ve_rif vn_tin za_vat zm_tin zw_tin
"""
TYPES = tuple(_TYPES_TEXT.split())
_FIELDS: dict[str, Field] = {"type": Enum(values=TYPES, required=True), "value": Text(required=True)}
VERIFICATION_SECONDS = 3
"""Source: Stripe docs, "Customer tax IDs": usually a few seconds."""
TAX_ID_DATA = Listing(item=Hash(fields=_FIELDS), most=5)


def add_tax_id(context: RequestContext, customer: str, type_: str, value: str) -> Body:
    """Give a customer a tax id."""
    result = verification_result(type_, value)
    body: Body = {
        "id": context.new_id("txi_"),
        "object": "tax_id",
        "country": country_of(type_, value),
        "created": context.now,
        "customer": customer,
        "customer_account": None,
        "livemode": context.scope.livemode,
        "owner": {"customer": customer, "customer_account": None, "type": "customer"},
        "type": type_,
        "value": value,
        "verification": {
            "status": result if result == "unavailable" else "pending",
            "verified_address": None,
            "verified_name": None,
        },
    }
    if result in ("verified", "unverified"):
        context.schedule(VERIFICATION_SECONDS, "tax_id_verification", body["id"])
    return context.add(TAX_ID, body, event="customer.tax_id.created")


def verification_ends(context: RequestContext, subject: str, payload: Body) -> None:
    """The authority has answered. A tax id that is deleted meanwhile needs no answer."""
    del payload
    row = context.find(subject, TAX_ID)
    if row is None:
        return
    before = row.decoded()
    result = verification_result(before["type"], before["value"])
    after = {**before, "verification": {**before["verification"], "status": result}}
    context.change(TAX_ID, before, after, "customer.tax_id.updated")


def create(context: RequestContext) -> Body:
    """Give the customer of the path a tax id."""
    customer = context.fetch(CUSTOMER, context.args[0], "customer")
    check_format(context.params["type"], context.params["value"], "value")
    return add_tax_id(context, customer["id"], context.params["type"], context.params["value"])


def create_by_owner(context: RequestContext) -> Body:
    """Give a tax id to the owner that is named: here a customer; those of the account itself are left out."""
    owner = context.params.get("owner") or {"type": "self"}
    if owner["type"] != "customer":
        raise not_acted_on("owner[type]", "tax ids of the account itself are not here")
    others = [f"owner[{name}]" for name in ("account", "customer_account") if owner.get(name)]
    if others:
        raise not_acted_on(others[0])
    if not owner.get("customer"):
        raise missing_parameter("owner[customer]")
    customer = context.refer(CUSTOMER, owner["customer"], "owner[customer]")
    check_format(context.params["type"], context.params["value"], "value")
    return add_tax_id(context, customer["id"], context.params["type"], context.params["value"])


def included_tax_ids(context: RequestContext, customer: Body) -> Body:
    """`tax_ids` of an expanded customer."""
    rows = context.services.store.select(context.scope.id, TAX_ID, column("owner", customer["id"]))
    url = f"/v1/customers/{customer['id']}/tax_ids"
    found: Body = decode(ListPage(url, [row.body for row in rows[:10]], len(rows) > 10).text())
    return found


def _of_customer(context: RequestContext) -> Body:
    """A tax id of the customer of the path."""
    found = context.fetch(TAX_ID, context.args[1])
    if found["customer"] != context.args[0]:
        raise no_such("tax id", context.args[1], "id")
    return found


def delete(context: RequestContext) -> Body:
    """Take a tax id away, by its customer's path or by its own."""
    tax_id = _of_customer(context) if len(context.args) > 1 else context.fetch(TAX_ID, context.args[0])
    context.emit("customer.tax_id.deleted", tax_id)
    return erase(context, TAX_ID, tax_id["id"])


def _owned(context: RequestContext) -> list[Condition]:
    context.fetch(CUSTOMER, context.args[0], "customer")
    return [column("owner", context.args[0])]


_LIST = listing(TAX_ID, {}, base=_owned, url=lambda context: f"/v1/customers/{context.args[0]}/tax_ids")
_OWNERS = ("account", "application", "customer", "self")
_OWNER = Hash(
    fields={
        "account": Text(),
        "customer": Text(),
        "customer_account": Text(),
        "type": Enum(values=_OWNERS, required=True),
    }
)
_FILTERS = {"owner": ListFilter(_OWNER, lambda given: column("owner", given.get("customer")))}


def _of_account(context: RequestContext) -> list[Condition]:
    """The account itself has none here; those of a customer are found by their owner."""
    return [] if "owner" in context.params else [("0", [])]


_BASE, _RIGHT = "/v1/customers/{id}/tax_ids", "tax_id"
ROUTES = (
    route("POST", _BASE, create, _FIELDS, permission=_RIGHT),
    route("GET", _BASE, _LIST, list_fields({}), permission=_RIGHT),
    route("GET", _BASE + "/{tax_id}", _of_customer, permission=_RIGHT),
    route("GET", TAX_ID.url, listing(TAX_ID, _FILTERS, base=_of_account), list_fields(_FILTERS), permission=_RIGHT),
    route("GET", TAX_ID.url + "/{id}", retrieve(TAX_ID), permission=_RIGHT),
    route("DELETE", _BASE + "/{tax_id}", delete, permission=_RIGHT),
    route("POST", TAX_ID.url, create_by_owner, {**_FIELDS, "owner": _OWNER}, permission=_RIGHT),
    route("DELETE", TAX_ID.url + "/{id}", delete, permission=_RIGHT),
)
