namespace Kopis.Server.Pop3;

/// <summary>How many sessions each mailbox has, so that nobody takes all of a listener's places.
/// May be used from many threads.</summary>
internal sealed class MailboxPlaces
{
    private readonly Dictionary<string, int> _sessions = [];

    /// <summary>Begins a session, to be ended by <see cref="Leave"/>.</summary>
    /// <returns>False if the mailbox has the largest number.</returns>
    internal bool TryEnter(string mailbox, int most)
    {
        lock (_sessions)
        {
            int sessions = _sessions.GetValueOrDefault(mailbox);
            if (sessions >= most)
            {
                return false;
            }

            _sessions[mailbox] = sessions + 1;
            return true;
        }
    }

    /// <summary>Ends one.</summary>
    internal void Leave(string mailbox)
    {
        lock (_sessions)
        {
            if (--_sessions[mailbox] == 0)
            {
                _sessions.Remove(mailbox);
            }
        }
    }
}
