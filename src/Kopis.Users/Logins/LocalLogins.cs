using System.Net;
using Kopis.Base;
using Kopis.Users.Lookup;
using Kopis.Users.Virtual;

namespace Kopis.Users.Logins;

/// <summary>The login service of a listener that may itself read the users' files. It has a checker
/// of its own.</summary>
/// <param name="gate">Checks logins, counts failures and delays refusals.</param>
/// <param name="apop">Secrets for digests.</param>
/// <param name="hasHostUsers">Whether users of the host may log in.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Writes one line to the log.</param>
public sealed class LocalLogins(
    LoginChecker gate, ApopSecrets apop, bool hasHostUsers, TimeProvider time, Action<string> log)
    : ILoginService
{
    private readonly ScramSalts _salts = new(gate);
    private readonly LogThrottle _troubles = new(log, time);

    /// <inheritdoc/>
    public bool HasScram => true;

    /// <inheritdoc/>
    public bool HasScramForAll => !hasHostUsers;

    /// <inheritdoc/>
    public Task<LoginAnswer> CheckPasswordAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop) =>
        AnswerAsync(() => gate.TryAsync(peer, name, secret, stop), stop);

    /// <inheritdoc/>
    public Task<(byte[] Salt, int Iterations)?> SaltOfAsync(byte[] name, CancellationToken stop)
    {
        try
        {
            return Task.FromResult<(byte[], int)?>(_salts.Of(name));
        }
        catch (ConfigurationException e)
        {
            LogTrouble(e);
            return Task.FromResult<(byte[], int)?>(null);
        }
    }

    /// <inheritdoc/>
    public Task<LoginAnswer> CheckProofAsync(
        IPAddress peer, byte[] name, byte[] authMessage, byte[] proof, CancellationToken stop) =>
        AnswerAsync(
            () => gate.TryProofAsync(peer, name, authMessage, proof, stop), stop);

    /// <inheritdoc/>
    public Task<LoginAnswer> CheckDigestAsync(
        IPAddress peer, byte[] name, byte[] stamp, byte[] digest, CancellationToken stop) =>
        AnswerAsync(
            () => gate.TryCheapAsync(
                peer, name, candidate => apop.IsRight(candidate, stamp, digest), stop),
            stop);

    private async Task<LoginAnswer> AnswerAsync(
        Func<Task<LoginVerdict>> check, CancellationToken stop)
    {
        LoginVerdict verdict;
        try
        {
            while ((verdict = await check()).IsPostponed)
            {
                await Task.Delay(LoginLimiter.Pause, time, stop);
            }
        }
        catch (ConfigurationException e)
        {
            LogTrouble(e);
            return LoginAnswer.Later;
        }

        if (verdict.Delay > TimeSpan.Zero)
        {
            await Task.Delay(verdict.Delay, time, stop);
        }

        return verdict.Account is { } account
            ? new LoginAnswer(LookupVerdict.Yes, account.Name)
            {
                ServerSignature = verdict.ServerSignature,
            }
            : LoginAnswer.No;
    }

    private void LogTrouble(ConfigurationException e) =>
        _troubles.Write(
            "alert: unable to check passwords", $"alert: unable to check a password: {e.Message}");
}
