using System.Security.Cryptography;

namespace Kopis.Web.Login;

/// <summary>The sessions, in memory, so a restart ends them. The cookie's value has 256 random
/// bits; only its digest is kept, so that leaked memory signs nobody in. Their number is limited.
/// May be used from many threads.</summary>
internal sealed class Sessions(TimeProvider clock)
{
    /// <summary>The most sessions. One more ends the session that was used longest ago.</summary>
    internal const int SessionsMax = 32;

    /// <summary>The longest time without a page. OWASP Session Management Cheat Sheet: 15 to 30
    /// minutes.</summary>
    internal static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(30);

    /// <summary>The longest time in all: a working day.</summary>
    internal static readonly TimeSpan LifeMax = TimeSpan.FromHours(12);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Session> _sessions = [];

    /// <summary>Begins a session.</summary>
    /// <param name="fingerprint">The fingerprint of the password.</param>
    /// <returns>The value of its cookie.</returns>
    internal string Begin(byte[] fingerprint)
    {
        string secret = Secrets.New();
        lock (_lock)
        {
            if (_sessions.Count >= SessionsMax)
            {
                _sessions.Remove(_sessions.MinBy(one => one.Value.LastSeen).Key);
            }

            _sessions[Secrets.KeyOf(secret)] = new Session(
                Secrets.New(), fingerprint, clock.GetTimestamp());
        }

        return secret;
    }

    /// <summary>The session of a cookie; null if there is none, or it is over.</summary>
    /// <param name="secret">The cookie's value.</param>
    /// <param name="fingerprint">The fingerprint of the present password.</param>
    /// <param name="isPage">Whether a person asked for this; the requests that a page makes by
    /// itself keep no session alive.</param>
    internal Session? Find(string secret, byte[] fingerprint, bool isPage)
    {
        string key = Secrets.KeyOf(secret);
        lock (_lock)
        {
            if (!_sessions.TryGetValue(key, out Session? session))
            {
                return null;
            }

            if (clock.GetElapsedTime(session.Began) > LifeMax
                || clock.GetElapsedTime(session.LastSeen) > IdleMax
                || !CryptographicOperations.FixedTimeEquals(session.Fingerprint, fingerprint))
            {
                _sessions.Remove(key);
                return null;
            }

            if (isPage)
            {
                session.LastSeen = clock.GetTimestamp();
            }

            return session;
        }
    }

    /// <summary>Ends a session.</summary>
    internal void End(string secret)
    {
        lock (_lock)
        {
            _sessions.Remove(Secrets.KeyOf(secret));
        }
    }
}
