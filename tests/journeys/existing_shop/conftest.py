"""A Laravel shop, and its buyers on the emulator."""

from tests.journeys.existing_shop.laravel import laravel, shop

__all__ = ["laravel", "shop"]
