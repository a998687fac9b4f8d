using System.Security.Cryptography;

namespace Kopis.Mail.Sasl;

/// <summary>What an exchange must know from somebody who has users.</summary>
/// <param name="Kind">What is asked.</param>
/// <param name="Name">The user, as the client has it.</param>
/// <param name="Secret">A password, a proof, a digest or a token; empty for a salt.</param>
/// <param name="AuthMessage">What a proof of SCRAM is of, or the stamp that a digest covers; else
/// empty.</param>
public sealed record SaslQuestion(
    SaslQuestionKind Kind, byte[] Name, byte[] Secret, byte[] AuthMessage)
{
    /// <summary>Overwrites the secret, which is not used again.</summary>
    public void Forget() => CryptographicOperations.ZeroMemory(Secret);
}
