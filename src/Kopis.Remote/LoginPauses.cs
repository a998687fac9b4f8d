using System.Globalization;

namespace Kopis.Remote;

/// <summary>Pauses logins that a relay refused. A login is tried again after one minute, then two,
/// and so on up to an hour, since servers block clients that keep trying. A login is a relay, a
/// user and a secret; a new password or token makes another login, which is tried at once. A lost
/// connection is not a refusal, but more than three in a row are. Until a login has succeeded once,
/// one connection at a time tries it. May be used from many threads.</summary>
/// <param name="clock">The clock.</param>
/// <param name="warn">Gets a line about each refusal.</param>
internal sealed class LoginPauses(TimeProvider clock, Action<string> warn)
{
    private const int LoginsMax = 1000;
    private const int DoublingsMax = 6;
    private const int LossesMax = 3; // Some servers refuse by closing the connection.
    private static readonly TimeSpan First = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, State> _states = [];

    /// <summary>A report for the message if the login has to wait; else null.</summary>
    internal RemoteReport? Paused(LoginSecret secret)
    {
        lock (_lock)
        {
            return _states.TryGetValue(secret.Key, out State? state)
                && state.Until > clock.GetUtcNow()
                    ? RemoteReport.Of('Z', $"The login at {secret.Relay.Host} was refused, "
                        + $"and is not tried before {Time(state.Until)}. (#4.7.8)\n")
                    : null;
        }
    }

    /// <summary>Tries a login. If another connection is trying it, waits for that first.</summary>
    /// <param name="secret">The login.</param>
    /// <param name="login">Makes one try: null, or the refusal.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Null if the session may begin.</returns>
    internal async Task<RemoteReport?> RunAsync(
        LoginSecret secret, Func<Task<LoginRefusal?>> login, CancellationToken stop)
    {
        State state = Find(secret.Key);
        bool waits = !state.IsProven;
        if (waits)
        {
            await state.Turn.WaitAsync(stop);
        }

        try
        {
            if (Paused(secret) is { } paused)
            {
                return paused;
            }

            LoginRefusal? refusal = await login();
            if (refusal is not { IsLost: true } || HasLostTooMany(state))
            {
                Note(state, secret, refusal);
            }

            return refusal?.Report;
        }
        finally
        {
            if (waits)
            {
                state.Turn.Release();
            }
        }
    }

    private bool HasLostTooMany(State state)
    {
        lock (_lock)
        {
            return ++state.Losses > LossesMax;
        }
    }

    private State Find(string key)
    {
        lock (_lock)
        {
            if (_states.TryGetValue(key, out State? known))
            {
                return known;
            }

            if (_states.Count >= LoginsMax)
            {
                _states.Clear();
            }

            return _states[key] = new State();
        }
    }

    private void Note(State state, LoginSecret secret, LoginRefusal? refusal)
    {
        lock (_lock)
        {
            state.IsProven = refusal is null;
            state.Losses = 0;
            state.Failures = refusal is null ? 0 : state.Failures + 1;
            TimeSpan pause = First * (1 << Math.Min(state.Failures - 1, DoublingsMax));
            state.Until = refusal is null ? default
                : clock.GetUtcNow() + (pause < Longest ? pause : Longest);
        }

        if (refusal is not null)
        {
            warn($"login at {secret.Relay.Host}:{secret.Relay.Port} as "
                + $"{Base.LogText.Safe(secret.Login.User)}: {refusal.Reason}; "
                + $"not tried before {Time(state.Until)}");
        }
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString(
        "yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private sealed class State
    {
        internal SemaphoreSlim Turn { get; } = new(1);

        internal bool IsProven { get; set; }

        internal int Failures { get; set; }

        internal int Losses { get; set; }

        internal DateTimeOffset Until { get; set; }
    }
}
