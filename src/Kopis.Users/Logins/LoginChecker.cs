using System.Diagnostics.CodeAnalysis;
using System.Net;
using Kopis.Base;

namespace Kopis.Users.Logins;

/// <summary>Checks the logins of one listener, or of all listeners that ask one qmail-lookup. The
/// number of password hashes computed at a time is bounded. None is computed for a peer or an
/// account with too many failures, nor for a login that succeeded a moment ago.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as its process.")]
public sealed class LoginChecker
{
    private readonly SemaphoreSlim _hashing;
    private readonly ILoginLimits _limits;
    private readonly VerifiedLogins _verified;
    private readonly Func<byte[], Candidate> _find;
    private readonly TimeProvider _time;
    private readonly int _waitersMax;
    private int _waiters;

    /// <summary>Makes the checker.</summary>
    /// <param name="find">Looks a name up; may throw <see cref="ConfigurationException"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="limiter">Counts failures; null: with the default limits.</param>
    /// <param name="limits">The limits to ask; null: that limiter.</param>
    /// <param name="hashesMax">Password hashes computed at a time; null: half of the processors,
    /// since mail must go on while passwords are guessed.</param>
    /// <param name="waitersMax">How many logins may wait for their hash; others are postponed.
    /// </param>
    public LoginChecker(
        Func<byte[], Candidate> find, TimeProvider time, LoginLimiter? limiter = null,
        ILoginLimits? limits = null, int? hashesMax = null, int waitersMax = int.MaxValue)
    {
        _waitersMax = waitersMax;
        _hashing = new SemaphoreSlim(hashesMax ?? Math.Max(1, Environment.ProcessorCount / 2));
        _find = find;
        _time = time;
        Limiter = limiter ?? new LoginLimiter(time);
        _limits = limits ?? new SharedLimits(null, Limiter);
        _verified = new VerifiedLogins(time);
    }

    /// <summary>Counts failures.</summary>
    public LoginLimiter Limiter { get; }

    /// <summary>How many password hashes were computed; for tests.</summary>
    public int Computed { get; private set; }

    /// <summary>Checks a login. The caller overwrites the secret.</summary>
    /// <returns>The account, or null if the login is refused. A refusal is delayed: for the same
    /// time whatever the reason, and longer after each failure of the peer.</returns>
    /// <exception cref="ConfigurationException">The account cannot be looked up at present.
    /// </exception>
    /// <exception cref="OperationCanceledException">The listener is ending.</exception>
    public async Task<Account?> CheckAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop)
    {
        LoginVerdict verdict;
        while ((verdict = await TryAsync(peer, name, secret, stop)).IsPostponed)
        {
            await Task.Delay(LoginLimiter.Pause, _time, stop);
        }

        if (verdict.Delay > TimeSpan.Zero)
        {
            await Task.Delay(verdict.Delay, _time, stop);
        }

        return verdict.Account;
    }

    /// <summary>As <see cref="CheckAsync"/>, but the caller does the waiting.</summary>
    public Task<LoginVerdict> TryAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop) =>
        Volatile.Read(ref _waiters) >= _waitersMax ? Task.FromResult(LoginVerdict.Postponed)
            : JudgeAsync(peer, name, () => VerifyAsync(name, secret, stop), stop);

    /// <summary>Looks a name up.</summary>
    /// <exception cref="ConfigurationException">The account cannot be looked up at present.
    /// </exception>
    internal Candidate Find(byte[] name) => _find(name);

    /// <summary>The salt and iterations of a name's password; null if SCRAM cannot serve it.
    /// </summary>
    /// <exception cref="ConfigurationException">The account cannot be looked up at present.
    /// </exception>
    public ScramKeys? KeysOf(byte[] name) => _find(name).Keys;

    /// <summary>Checks a proof of SCRAM. This costs little, but counts like a password.</summary>
    /// <exception cref="ConfigurationException">The account cannot be looked up at present.
    /// </exception>
    public async Task<LoginVerdict> TryProofAsync(
        IPAddress peer, byte[] name, byte[] authMessage, byte[] proof, CancellationToken stop)
    {
        byte[] signature = [];
        LoginVerdict verdict = await TryCheapAsync(
            peer, name,
            candidate =>
            {
                bool isRight = candidate.Keys is { } keys && keys.Verify(authMessage, proof);
                signature = isRight ? candidate.Keys!.Sign(authMessage) : [];
                return isRight;
            },
            stop);
        return verdict with { ServerSignature = signature };
    }

    /// <summary>As <see cref="TryProofAsync"/>, with a check that only the caller can make.
    /// </summary>
    /// <exception cref="ConfigurationException">The account cannot be looked up at present.
    /// </exception>
    public Task<LoginVerdict> TryCheapAsync(
        IPAddress peer, byte[] name, Func<Candidate, bool> isRight, CancellationToken stop) =>
        JudgeAsync(
            peer, name,
            () =>
            {
                Candidate candidate = _find(name);
                return Task.FromResult(isRight(candidate) ? candidate : null);
            },
            stop);

    /// <summary>As <see cref="TryProofAsync"/>, for a token. The token itself may name the account.
    /// </summary>
    /// <param name="peer">The client.</param>
    /// <param name="name">The account that the client asks for; empty: the one that the token
    /// names.</param>
    /// <param name="check">Returns the account that the token is valid for; null: none.</param>
    /// <param name="stop">Ends a wait.</param>
    /// <exception cref="ConfigurationException">The account cannot be looked up at present.
    /// </exception>
    public Task<LoginVerdict> TryTokenAsync(
        IPAddress peer, byte[] name, Func<Task<string?>> check, CancellationToken stop) =>
        JudgeAsync(
            peer, name,
            async () => await check() is { } owner ? _find(ByteText.ToBytes(owner)) : null,
            stop);

    // An attempt is counted before it is checked, so that many attempts at once get no further than
    // attempts one after another.
    private async Task<LoginVerdict> JudgeAsync(
        IPAddress peer, byte[] name, Func<Task<Candidate?>> check, CancellationToken stop)
    {
        long began = _time.GetTimestamp();
        (LoginLeave leave, TimeSpan delay) = await _limits.ReserveAsync(peer, name, stop);
        Candidate? found = null;
        if (leave == LoginLeave.Given)
        {
            LookupVerdict verdict = LookupVerdict.Later;
            try
            {
                found = await check();
                verdict = found?.Account is null ? LookupVerdict.No : LookupVerdict.Yes;
            }
            finally
            {
                delay = await _limits.SettleAsync(peer, name, verdict);
            }
        }

        return leave == LoginLeave.Wait ? LoginVerdict.Postponed
            : found is { Account: { } account }
                ? new LoginVerdict(account, TimeSpan.Zero) { Hash = found.Hash }
            : new LoginVerdict(
                null, LoginLimiter.LeftOf(delay, _time.GetElapsedTime(began)));
    }

    private async Task<Candidate?> VerifyAsync(byte[] name, byte[] secret, CancellationToken stop)
    {
        Candidate candidate = _find(name);
        if (_verified.Contains(name, candidate.Hash, secret))
        {
            return candidate;
        }

        Interlocked.Increment(ref _waiters);
        try
        {
            await _hashing.WaitAsync(stop);
        }
        finally
        {
            Interlocked.Decrement(ref _waiters);
        }

        try
        {
            Computed++;
            if (!await Task.Run(() => candidate.Verify(secret), stop))
            {
                return null;
            }

            _verified.Add(name, candidate.Hash, secret);
            return candidate;
        }
        finally
        {
            _hashing.Release();
        }
    }
}
