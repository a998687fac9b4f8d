using System.Diagnostics.CodeAnalysis;
using System.Net;
using Kopis.Base;

namespace Kopis.Users;

/// <summary>
/// Checks the logins of one listener, or of all that ask one qmail-lookup: at most so many
/// password hashes at a time, none for a peer or an account with too many failures, none for a
/// login that was right a moment ago.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as its process.")]
public sealed class LoginGate
{
    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FailureDelayMax = TimeSpan.FromSeconds(10);

    // Half of the machine at most: mail must go on moving while passwords are guessed at.
    private readonly SemaphoreSlim _hashing = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly LoginLimiter _limiter;
    private readonly VerifiedLogins _verified;
    private readonly Func<byte[], Candidate> _find;
    private readonly TimeProvider _time;

    /// <summary>Makes the gate.</summary>
    /// <param name="find">Looks a name up; may throw <see cref="ConfigurationException"/>.</param>
    /// <param name="time">The clock.</param>
    public LoginGate(Func<byte[], Candidate> find, TimeProvider time)
    {
        _find = find;
        _time = time;
        _limiter = new LoginLimiter(time);
        _verified = new VerifiedLogins(time);
    }

    /// <summary>How many password hashes were computed; for tests.</summary>
    public int Computed { get; private set; }

    /// <summary>Checks a login. What the secret is in is the caller's to overwrite.</summary>
    /// <returns>The account; null where it was refused, then only after a delay that is the same
    /// whatever was wrong and longer with each failure of the peer.</returns>
    /// <exception cref="ConfigurationException">It cannot be said at present.</exception>
    /// <exception cref="OperationCanceledException">The listener is ending.</exception>
    public async Task<Account?> CheckAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop)
    {
        LoginVerdict verdict = await TryAsync(peer, name, secret, stop);
        if (verdict.Delay > TimeSpan.Zero)
        {
            await Task.Delay(verdict.Delay, _time, stop);
        }

        return verdict.Account;
    }

    /// <summary>As <see cref="CheckAsync"/>, but the waiting is left to the caller.</summary>
    public async Task<LoginVerdict> TryAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop)
    {
        long began = _time.GetTimestamp();
        PeerNetwork network = PeerNetwork.Of(peer);
        (Account? account, int failures) = await VerifyAsync(network, name, secret, stop);
        return account is null ? Refuse(failures, began) : Accept(network, name, account);
    }

    /// <summary>The salt and iterations of a name's password; null where SCRAM cannot serve it.
    /// </summary>
    /// <exception cref="ConfigurationException">It cannot be said at present.</exception>
    public ScramKeys? KeysOf(byte[] name) => _find(name).Keys;

    /// <summary>Checks a proof of SCRAM; cheap, but counted as a password is.</summary>
    /// <exception cref="ConfigurationException">It cannot be said at present.</exception>
    public LoginVerdict TryProof(IPAddress peer, byte[] name, byte[] authMessage, byte[] proof)
    {
        byte[] signature = [];
        return TryCheap(peer, name, candidate =>
        {
            bool isRight = candidate.Keys is { } keys && keys.Verify(authMessage, proof);
            signature = isRight ? candidate.Keys!.Sign(authMessage) : [];
            return isRight;
        }) with
        {
            ServerSignature = signature,
        };
    }

    /// <summary>As <see cref="TryProof"/>, for what only the caller can judge.</summary>
    /// <exception cref="ConfigurationException">It cannot be said at present.</exception>
    public LoginVerdict TryCheap(IPAddress peer, byte[] name, Func<Candidate, bool> isRight)
    {
        long began = _time.GetTimestamp();
        PeerNetwork network = PeerNetwork.Of(peer);
        Candidate? candidate = _limiter.IsBlocked(network, name) ? null : _find(name);
        return candidate is { Account: { } account } && isRight(candidate)
            ? Accept(network, name, account)
            : Refuse(_limiter.CountFailure(network, name), began);
    }

    /// <summary>As <see cref="TryProof"/>, for a token, which itself may say whose it is.</summary>
    /// <param name="peer">The client.</param>
    /// <param name="name">As whom it wants in; empty: as whom the token says.</param>
    /// <param name="check">The account that the token is good for; null: none.</param>
    /// <exception cref="ConfigurationException">It cannot be said at present.</exception>
    public async Task<LoginVerdict> TryTokenAsync(
        IPAddress peer, byte[] name, Func<Task<string?>> check)
    {
        long began = _time.GetTimestamp();
        PeerNetwork network = PeerNetwork.Of(peer);
        string? owner = _limiter.IsBlocked(network, name) ? null : await check();
        return owner is not null && _find(ByteText.ToBytes(owner)).Account is { } account
            ? Accept(network, name, account)
            : Refuse(_limiter.CountFailure(network, name), began);
    }

    private LoginVerdict Accept(PeerNetwork network, byte[] name, Account account)
    {
        _limiter.NoteSuccess(network, name);
        return new LoginVerdict(account, TimeSpan.Zero);
    }

    private LoginVerdict Refuse(int failures, long began)
    {
        TimeSpan delay = FailureDelay * Math.Min(failures, FailureDelayMax / FailureDelay);
        return new LoginVerdict(null, LeftOf(delay, _time.GetElapsedTime(began)));
    }

    /// <summary>What is left of a delay, and where a check has taken longer, of a whole number of
    /// delays: how long it took is not to show.</summary>
    internal static TimeSpan LeftOf(TimeSpan delay, TimeSpan elapsed) =>
        TimeSpan.FromTicks(delay.Ticks - (elapsed.Ticks % delay.Ticks));

    // Failures: how many the peer has, where this is one.
    private async Task<(Account? Account, int Failures)> VerifyAsync(
        PeerNetwork peer, byte[] name, byte[] secret, CancellationToken stop)
    {
        if (_limiter.IsBlocked(peer))
        {
            return (null, _limiter.CountFailure(peer, name));
        }

        Candidate candidate = _find(name);
        if (_verified.Contains(name, candidate.Hash, secret))
        {
            return (candidate.Account, 0);
        }

        await _hashing.WaitAsync(stop);
        try
        {
            // Others may have failed while this one waited.
            if (!_limiter.IsBlocked(peer, name))
            {
                Computed++;
                if (await Task.Run(() => candidate.Verify(secret), stop))
                {
                    _verified.Add(name, candidate.Hash, secret);
                    return (candidate.Account, 0);
                }
            }

            // Before the next one may hash, or many that wait would get past the limit.
            return (null, _limiter.CountFailure(peer, name));
        }
        finally
        {
            _hashing.Release();
        }
    }
}
