using System.Security.Cryptography;

namespace Kopis.Mail.Sasl;

/// <summary>A question of an exchange to a program that knows the users.</summary>
/// <param name="Kind">The kind of the question.</param>
/// <param name="Name">The user's name, from the client.</param>
/// <param name="Secret">A password, a proof, a digest or a token; empty for a salt.</param>
/// <param name="AuthMessage">The data that a proof of SCRAM covers, or the stamp that a digest
/// covers; otherwise empty.</param>
public sealed record SaslQuestion(
    SaslQuestionKind Kind, byte[] Name, byte[] Secret, byte[] AuthMessage)
{
    /// <summary>Overwrites the secret, after its last use.</summary>
    public void Forget() => CryptographicOperations.ZeroMemory(Secret);
}
