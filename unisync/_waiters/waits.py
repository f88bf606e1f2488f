"""What the clients use of this package. They import it when they first wait or watch."""

from __future__ import annotations

from unisync._waiters.arguments import OnProgress as OnProgress
from unisync._waiters.arguments import WaitOptions as WaitOptions
from unisync._waiters.checks import checked_interval as checked_interval
from unisync._waiters.checks import checked_max_failures as checked_max_failures
from unisync._waiters.checks import checked_stop as checked_stop
from unisync._waiters.hints import Hints as Hints
from unisync._waiters.hints import checked_hints as checked_hints
from unisync._waiters.many import OnOutcome as OnOutcome
from unisync._waiters.many import wait_all as wait_all
from unisync._waiters.polling import begun as begun
from unisync._waiters.polling import elapsed as elapsed
from unisync._waiters.polling import options_of as options_of
from unisync._waiters.polling import poll as poll
from unisync._waiters.polling import token_of as token_of
from unisync._waiters.polling import until as until
from unisync._waiters.root_cause import with_root_cause as with_root_cause
from unisync._waiters.token import Poll as Poll
from unisync._waiters.token import WaitToken as WaitToken
from unisync._waiters.token import checked_token as checked_token
from unisync._waiters.waiters import Waiter as Waiter
from unisync._waiters.wanted import Wanted as Wanted
from unisync._waiters.wanted import WantedRevision as WantedRevision
from unisync._waiters.watcher import Change as Change
from unisync._waiters.watcher import Watcher as Watcher
