using Kopis.Users.Settings;
using Kopis.Web.Login;

namespace Kopis.Web.Own;

/// <summary>Sessions of mail users, in memory. They are limited apart from the administrator's
/// sessions, so that no user can end one of those, and also for each user, so that a user's own
/// sessions end first. May be used from many threads.</summary>
internal sealed class OwnSessions(TimeProvider clock) : IDisposable
{
    /// <summary>Sessions of one account. If there is one more, the one unused for longest ends.
    /// </summary>
    internal const int OfAccountMax = 4;

    /// <summary>Sessions in all. Each has a socket, and a part of its user's process.</summary>
    internal const int SessionsMax = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, OwnSession> _sessions = [];

    /// <summary>Begins a session.</summary>
    /// <returns>The value of its cookie; null if there are too many. Then the channel stays the
    /// caller's.</returns>
    internal string? Begin(string account, SettingsClient channel, byte[] mark)
    {
        lock (_lock)
        {
            foreach (string key in _sessions.Where(one => IsOver(one.Value))
                .Select(one => one.Key).ToArray())
            {
                Remove(key);
            }

            KeyValuePair<string, OwnSession>[] own =
                [.. _sessions.Where(one => one.Value.Account == account)];
            if (own.Length >= OfAccountMax)
            {
                Remove(own.MinBy(one => one.Value.LastSeen).Key);
            }

            if (_sessions.Count >= SessionsMax && !TryMakeRoom(account))
            {
                return null;
            }

            string secret = Secrets.New();
            _sessions[Secrets.KeyOf(secret)] = new OwnSession(
                Secrets.New(), account, channel, clock.GetTimestamp())
            {
                Mark = mark,
            };
            return secret;
        }
    }

    /// <summary>The session of a cookie; null if there is none, or it is over.</summary>
    internal OwnSession? Find(string secret)
    {
        string key = Secrets.KeyOf(secret);
        lock (_lock)
        {
            if (!_sessions.TryGetValue(key, out OwnSession? session))
            {
                return null;
            }

            if (IsOver(session))
            {
                Remove(key);
                return null;
            }

            session.LastSeen = clock.GetTimestamp();
            return session;
        }
    }

    /// <summary>Ends a session.</summary>
    internal void End(string secret)
    {
        lock (_lock)
        {
            Remove(Secrets.KeyOf(secret));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (string key in _sessions.Keys.ToArray())
            {
                Remove(key);
            }
        }
    }

    // Among the accounts that would have more sessions than this one, one with the most ends the
    // session that it has used least recently.
    private bool TryMakeRoom(string account)
    {
        KeyValuePair<string, OwnSession>[] most = [.. _sessions.GroupBy(one => one.Value.Account)
            .MaxBy(same => same.Count()) ?? Enumerable.Empty<KeyValuePair<string, OwnSession>>()];
        if (most.Length <= _sessions.Count(one => one.Value.Account == account) + 1)
        {
            return false;
        }

        Remove(most.MinBy(one => one.Value.LastSeen).Key);
        return true;
    }

    private bool IsOver(OwnSession session) =>
        clock.GetElapsedTime(session.Began) > Sessions.LifeMax
        || clock.GetElapsedTime(session.LastSeen) > Sessions.IdleMax;

    private void Remove(string key)
    {
        if (_sessions.Remove(key, out OwnSession? session))
        {
            session.Channel.Dispose();
        }
    }
}
