using System.Net;
using Kopis.Base;
using Kopis.Users.Lookup;

namespace Kopis.Users.Logins;

/// <summary>Applies qmail-lookup's limits on failed logins to a backend that has none. It asks
/// before each attempt is checked, and delays refusals.</summary>
public sealed class LimitedLoginService(ILoginService inner, ILoginLimits limits, TimeProvider time)
    : ILoginService
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

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

    /// <summary>Runs a check of any kind within the limits.</summary>
    internal async Task<LoginAnswer> GuardAsync(
        IPAddress peer, byte[] name, Func<Task<LoginAnswer>> check, CancellationToken stop)
    {
        long began = time.GetTimestamp();
        LoginLeave leave;
        TimeSpan delay;
        while (((leave, delay) = await limits.ReserveAsync(peer, name, stop)).Item1
            == LoginLeave.Wait)
        {
            if (time.GetElapsedTime(began) > WaitMax)
            {
                return LoginAnswer.Later;
            }

            await Task.Delay(LoginLimiter.Pause, time, stop);
        }

        LoginAnswer answer = leave == LoginLeave.Refused ? LoginAnswer.No : LoginAnswer.Later;
        if (leave == LoginLeave.Given)
        {
            try
            {
                answer = await check();
            }
            finally
            {
                delay = await limits.SettleAsync(peer, name, answer.Verdict);
            }
        }

        if (answer.Verdict == LookupVerdict.No)
        {
            await Task.Delay(
                LoginLimiter.LeftOf(delay, time.GetElapsedTime(began)), time, stop);
        }

        return answer;
    }
}
