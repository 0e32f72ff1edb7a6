"""Steps that disturb: Stripe's API broken and healed for one payment, the backend killed and started again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from creditctl.simulation.play.forgery import forge
from creditctl.simulation.play.posting import open_of, post_event, retry_refused, wait_for_deliveries
from creditctl.simulation.results import ScenarioNotTried
from creditctl.simulation.stripe_side import events
from creditctl.simulation.target.process import BackendProcess

if TYPE_CHECKING:
    from creditctl.simulation.play.state import Play
    from creditctl.simulation.scenarios.steps import Break, Crash, Heal, Restart
    from creditctl.simulation.stripe_side.access import StripeObject


def break_stripe(play: Play, step: Break) -> None:
    """Puts a fault in force for one session."""
    events.add_fault(play.bench.stripe, step.kind, play.bought[step.name].session_id, **step.more)
    play.broken.add(step.name)
    play.say(f"broken for this session: {step.kind} {dict(step.more)}")


def heal(play: Play, step: Heal) -> None:
    """Lifts the faults of a session, and sends again what was refused meanwhile."""
    if step.restarting:
        events.lift_faults(play.bench.stripe, play.bought[step.name].session_id)
        play.broken.discard(step.name)
        return
    refused = wait_for_deliveries(play)
    play.bench.pace.sleep(play.bench.pace.quiet_seconds)
    events.lift_faults(play.bench.stripe, play.bought[step.name].session_id)
    play.broken.discard(step.name)
    play.acked_broken, play.healed = not refused, True
    play.say(f"healed; refused meanwhile: {', '.join(each.type for each in refused) or 'nothing'}")
    retry_refused(play)


def crash(play: Play, step: Crash) -> None:
    """Kills the backend: now, after it has answered, or while it works."""
    process = _process(play)
    if step.after == "":
        process.kill()
        play.say("the backend was killed")
        return
    if step.name not in play.holds:
        raise ValueError("a crash around an event needs its webhooks held")
    bodies = [event for event, _ in events.held_events(play.bench.stripe, play.holds[step.name])]
    found = [events.read_event(play.bench.stripe, event_id) for event_id in bodies]
    if step.after == "answered":
        _post_then_kill(play, found, process)
    else:
        _kill_while_posting(play, found, process, step.milliseconds)


def _process(play: Play) -> BackendProcess:
    process = play.bench.process
    if process is None or process.restart_command is None:
        raise ScenarioNotTried("the backend may not be killed (--start CMD with --restart CMD allows it)")
    play.crashed = True
    return process


def _post_then_kill(play: Play, found: list[StripeObject], process: BackendProcess) -> None:
    """Posts the events one after the other, and kills the backend the moment the last is answered."""
    answers = [_post(play, event) for event in found]
    process.kill()
    play.acked_broken = all(answers)
    play.say(f"posted {len(found)} events, {sum(answers)} accepted; the backend was killed at once")


def _post(play: Play, event: StripeObject) -> bool:
    answer = post_event(play.bench, forge("signed", event, play.bench.secret, play.bench.clock()))
    play.note_delivery(f"{event['type']}, posted by simulate", str(answer.status or answer.error))
    return answer.accepted


def _kill_while_posting(play: Play, found: list[StripeObject], process: BackendProcess, milliseconds: int) -> None:
    threads = [threading.Thread(target=_post, args=(play, event)) for event in found]
    for thread in threads:
        thread.start()
    play.bench.pace.sleep(milliseconds / 1000)
    process.kill()
    for thread in threads:
        thread.join()
    play.say(f"the backend was killed {milliseconds} ms after {len(found)} events were posted")


def restart(play: Play, step: Restart) -> None:
    """Starts the backend again; what it did not accept is sent again."""
    _process(play).restart()
    play.crashed = False
    play.say("the backend was started again")
    if step.name in play.holds and play.acked_broken:
        return
    if step.name in play.holds:
        events.release(play.bench.stripe, play.holds.pop(step.name))
    if open_of(play):
        retry_refused(play)
