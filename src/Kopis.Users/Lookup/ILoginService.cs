using System.Net;

namespace Kopis.Users.Lookup;

/// <summary>Checks logins. No method throws because of what a client sent; a service that cannot
/// answer returns Later. Implementations may be used from many threads.</summary>
public interface ILoginService
{
    /// <summary>Whether the service can be asked for salts and proofs.</summary>
    bool HasScram { get; }

    /// <summary>Whether every user has keys for SCRAM; users of the host have none.</summary>
    bool HasScramForAll { get; }

    /// <summary>Checks a password. A refusal comes after a wait.</summary>
    Task<LoginAnswer> CheckPasswordAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop);

    /// <summary>Salt and iterations for SCRAM, for unknown names as well; null: later.</summary>
    Task<(byte[] Salt, int Iterations)?> SaltOfAsync(byte[] name, CancellationToken stop);

    /// <summary>Checks a proof of SCRAM. A refusal comes after a wait.</summary>
    Task<LoginAnswer> CheckProofAsync(
        IPAddress peer, byte[] name, byte[] authMessage, byte[] proof, CancellationToken stop);

    /// <summary>Checks a digest of APOP, if there are secrets for it. A refusal comes after a wait.
    /// </summary>
    Task<LoginAnswer> CheckDigestAsync(
        IPAddress peer, byte[] name, byte[] stamp, byte[] digest, CancellationToken stop) =>
        Task.FromResult(LoginAnswer.Later);

    /// <summary>Whether the service can check tokens.</summary>
    bool HasTokens => false;

    /// <summary>Checks a token of an issuer. A refusal comes after a wait.</summary>
    Task<LoginAnswer> CheckTokenAsync(
        IPAddress peer, byte[] name, byte[] token, CancellationToken stop) =>
        Task.FromResult(LoginAnswer.Later);
}
