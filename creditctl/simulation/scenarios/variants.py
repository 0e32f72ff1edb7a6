"""Scenarios of other payments: discounts, quantity, another currency, another product, an invoice, no buyer."""

from __future__ import annotations

from creditctl.simulation.scenarios.steps import (
    Expect,
    Open,
    OpenLike,
    Pay,
    PayNothing,
    Refund,
    Scenario,
)

VARIANTS = (
    Scenario(
        "half-price",
        "discounts",
        "A coupon changes what is paid, and not what the package gives (or as the policy says)",
        (Open(), OpenLike("half_off"), Pay(name="b"), Expect(name="b")),
        settles=False,
    ),
    Scenario(
        "refund-after-coupon",
        "discounts",
        "A full refund of a discounted purchase takes all of its credits",
        (
            Open(),
            OpenLike("half_off"),
            Pay(name="b"),
            Expect(name="b"),
            Refund(name="b"),
            Expect(0, over="credits_from_list_price"),
        ),
        settles=False,
    ),
    Scenario(
        "part-refund-after-coupon",
        "discounts",
        "Half of a discounted payment refunded takes half of its credits",
        (
            Open(),
            OpenLike("half_off"),
            Pay(name="b"),
            Expect(name="b"),
            Refund(1, 2, name="b"),
            Expect(over="credits_from_list_price"),
        ),
        settles=False,
    ),
    Scenario(
        "free",
        "discounts",
        "A coupon for everything: no payment is required, and none is looked for",
        (Open(), OpenLike("free"), PayNothing("b"), Expect(name="b")),
        settles=False,
    ),
    Scenario(
        "tax-added",
        "tax",
        "A tax on top changes what is paid, and not what the package gives",
        (Open(), OpenLike("tax_added"), Pay(name="b"), Expect(name="b")),
        settles=False,
    ),
    Scenario(
        "tax-included",
        "tax",
        "A tax within the price changes nothing",
        (Open(), OpenLike("tax_included"), Pay(name="b"), Expect(name="b")),
        settles=False,
    ),
    *(
        Scenario(
            f"{name}-after-tax",
            "tax",
            f"{title} of a payment with a tax on top takes {share} of its credits",
            (
                Open(),
                OpenLike("tax_added"),
                Pay(name="b"),
                Expect(name="b"),
                Refund(1, parts, name="b"),
                Expect(over="credits_from_list_price", under="credits_from_list_price"),
            ),
            settles=False,
        )
        for name, title, share, parts in (("refund", "A full refund", "all", 1), ("part-refund", "Half", "half", 2))
    ),
    Scenario(
        "quantity",
        "quantity",
        "Two of a package give twice its credits, or nothing; never once",
        (
            Open(),
            OpenLike("twice"),
            Pay(name="b"),
            Expect(name="b", under="credits_quantity_once", over="credits_quantity_once"),
        ),
        settles=False,
    ),
    Scenario(
        "another-currency",
        "currency",
        "A payment in another currency gives the package's credits or none, never a number made from its amount",
        (Open(), OpenLike("euro"), Pay(name="b"), Expect(name="b")),
        settles=False,
    ),
    Scenario(
        "other-product",
        "security",
        "A payment for another product of this account gives no credits",
        (
            Open(),
            OpenLike("other_product"),
            Pay(name="b"),
            Expect(0, over="credits_other_product"),
        ),
        needs_purchase=False,
        settles=False,
    ),
    Scenario(
        "other-product-marked",
        "security",
        "A payment that another shop of this account marked as its own gives no credits",
        (Open(), OpenLike("shop"), Pay(name="b"), Expect(0, over="credits_other_product")),
        needs_purchase=False,
        settles=False,
    ),
    Scenario(
        "nobody",
        "security",
        "A payment that names no user gives credits to nobody",
        (Open(), OpenLike("nobody"), Pay(name="b"), Expect(0, over="wrong_user")),
        needs_purchase=False,
        settles=False,
    ),
    Scenario(
        "invoice",
        "checkout",
        "A session that also makes an invoice gives its credits once",
        (Open(), OpenLike("invoice"), Pay(name="b"), Expect(name="b")),
        settles=False,
    ),
)  # fmt: skip
