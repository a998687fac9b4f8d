using System.Security.Cryptography;

namespace Kopis.Web.Login;

/// <summary>Sessions, in memory: a restart ends them. The cookie's value is 256 bits of chance; of
/// it a digest is kept, so that memory that leaks lets nobody in. Bounded; may be used from many
/// threads.</summary>
internal sealed class Sessions(TimeProvider clock)
{
    /// <summary>At once; with one more the one that was used longest ago ends.</summary>
    internal const int SessionsMax = 32;

    /// <summary>Without a page. OWASP Session Management Cheat Sheet: 15 to 30 minutes.</summary>
    internal static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(30);

    /// <summary>In all: a working day.</summary>
    internal static readonly TimeSpan LifeMax = TimeSpan.FromHours(12);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Session> _sessions = [];

    /// <summary>Begins one.</summary>
    /// <param name="fingerprint">Of the password.</param>
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

    /// <summary>The session of a cookie; null: there is none, or it is over.</summary>
    /// <param name="secret">The cookie's value.</param>
    /// <param name="fingerprint">Of the password as it is now.</param>
    /// <param name="isPage">Whether this is a person's doing: what a page asks for by itself keeps
    /// no session going.</param>
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

    /// <summary>Ends one.</summary>
    internal void End(string secret)
    {
        lock (_lock)
        {
            _sessions.Remove(Secrets.KeyOf(secret));
        }
    }
}
