"""Redelivery: the repair of an application's rows, by delivering lost events to it again, signed."""
