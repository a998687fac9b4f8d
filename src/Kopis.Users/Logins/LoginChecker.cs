using System.Diagnostics.CodeAnalysis;
using System.Net;
using Kopis.Base;

namespace Kopis.Users.Logins;

/// <summary>
/// Checks the logins of one listener, or of all that ask one qmail-lookup: a bounded number of
/// password hashes at a time, none for a peer or an account with too many failures, none for a
/// login that succeeded a moment ago.
/// </summary>
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
    /// <param name="hashesMax">Password hashes at a time; null: half of the machine, since mail
    /// must go on while passwords are guessed.</param>
    /// <param name="waitersMax">Logins that wait for their hash; more are put off.</param>
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
    /// <returns>The account; null if it was refused, then only after a delay that is the same
    /// whatever the reason and longer with each failure of the peer.</returns>
    /// <exception cref="ConfigurationException">It is not known at present.</exception>
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

    /// <summary>As <see cref="CheckAsync"/>, but the caller waits.</summary>
    public Task<LoginVerdict> TryAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop) =>
        Volatile.Read(ref _waiters) >= _waitersMax ? Task.FromResult(LoginVerdict.Postponed)
            : JudgeAsync(peer, name, () => VerifyAsync(name, secret, stop), stop);

    /// <summary>Looks a name up.</summary>
    /// <exception cref="ConfigurationException">It is not known at present.</exception>
    internal Candidate Find(byte[] name) => _find(name);

    /// <summary>The salt and iterations of a name's password; null if SCRAM cannot serve it.
    /// </summary>
    /// <exception cref="ConfigurationException">It is not known at present.</exception>
    public ScramKeys? KeysOf(byte[] name) => _find(name).Keys;

    /// <summary>Checks a proof of SCRAM; cheap, but counted as a password is.</summary>
    /// <exception cref="ConfigurationException">It is not known at present.</exception>
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

    /// <summary>As <see cref="TryProofAsync"/>, for what only the caller can check.</summary>
    /// <exception cref="ConfigurationException">It is not known at present.</exception>
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

    /// <summary>As <see cref="TryProofAsync"/>, for a token, which may itself name the account.
    /// </summary>
    /// <param name="peer">The client.</param>
    /// <param name="name">The account that it asks for; empty: the token's.</param>
    /// <param name="check">The account that the token is good for; null: none.</param>
    /// <param name="stop">Ends a wait.</param>
    /// <exception cref="ConfigurationException">It is not known at present.</exception>
    public Task<LoginVerdict> TryTokenAsync(
        IPAddress peer, byte[] name, Func<Task<string?>> check, CancellationToken stop) =>
        JudgeAsync(
            peer, name,
            async () => await check() is { } owner ? _find(ByteText.ToBytes(owner)) : null,
            stop);

    // A try has its place before it is judged, so that many at once get no further than one after
    // the other would.
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
