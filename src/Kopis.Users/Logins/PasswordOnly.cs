using System.Net;
using Kopis.Users.Lookup;

namespace Kopis.Users.Logins;

/// <summary>A backend that can only check passwords: it has no salts and no proofs.</summary>
public abstract class PasswordOnly : ILoginService
{
    /// <inheritdoc/>
    public bool HasScram => false;

    /// <inheritdoc/>
    public bool HasScramForAll => false;

    /// <inheritdoc/>
    public abstract Task<LoginAnswer> CheckPasswordAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop);

    /// <inheritdoc/>
    public Task<(byte[] Salt, int Iterations)?> SaltOfAsync(byte[] name, CancellationToken stop) =>
        Task.FromResult<(byte[], int)?>(null);

    /// <inheritdoc/>
    public Task<LoginAnswer> CheckProofAsync(
        IPAddress peer, byte[] name, byte[] authMessage, byte[] proof, CancellationToken stop) =>
        Task.FromResult(LoginAnswer.Later);
}
