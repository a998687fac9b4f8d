using System.Net;

namespace Kopis.Users;

/// <summary>
/// Puts qmail-lookup's limits on failed logins before a backend that has none of its own: none is
/// asked for a peer or an account with too many, and a refusal comes after a wait.
/// </summary>
public sealed class LimitedLogins(ILoginService inner, LoginLimiter limiter, TimeProvider time)
    : ILoginService
{
    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(2);
    private const int DelaysMax = 5;

    /// <inheritdoc/>
    public bool HasScram => inner.HasScram;

    /// <inheritdoc/>
    public bool HasScramForAll => inner.HasScramForAll;

    /// <inheritdoc/>
    public Task<LoginAnswer> CheckPasswordAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop) =>
        GuardAsync(
            peer, name, () => inner.CheckPasswordAsync(peer, name, secret, stop), stop);

    /// <inheritdoc/>
    public Task<(byte[] Salt, int Iterations)?> SaltOfAsync(byte[] name, CancellationToken stop) =>
        inner.SaltOfAsync(name, stop);

    /// <inheritdoc/>
    public Task<LoginAnswer> CheckProofAsync(
        IPAddress peer, byte[] name, byte[] authMessage, byte[] proof, CancellationToken stop) =>
        GuardAsync(
            peer, name, () => inner.CheckProofAsync(peer, name, authMessage, proof, stop), stop);

    /// <summary>Runs a check of whatever kind within the limits.</summary>
    internal async Task<LoginAnswer> GuardAsync(
        IPAddress peer, byte[] name, Func<Task<LoginAnswer>> check, CancellationToken stop)
    {
        PeerNetwork network = PeerNetwork.Of(peer);
        long began = time.GetTimestamp();
        bool blocked = limiter.IsBlocked(network, name);
        LoginAnswer answer = blocked ? LoginAnswer.No : await check();
        if (answer.Verdict == LookupVerdict.Yes)
        {
            limiter.NoteSuccess(network, name);
        }

        if (answer.Verdict == LookupVerdict.No)
        {
            int failures = limiter.CountFailure(network, name);
            TimeSpan delay = FailureDelay * Math.Min(failures, DelaysMax);
            await Task.Delay(
                LoginGate.LeftOf(delay, time.GetElapsedTime(began)), time, stop);
        }

        return answer;
    }
}
