using Kopis.Net.Dkim;

namespace Kopis.Remote;

/// <summary>The result of signing a message.</summary>
/// <param name="Fields">The DKIM-Signature fields, in lines that end in LF; empty: the message is
/// sent unsigned.</param>
/// <param name="Author">The domain of From whose keys were used.</param>
/// <param name="Keys">The keys of that domain; null if there are none.</param>
/// <param name="Fault">Why the message cannot be sent now; null if it can.</param>
internal sealed record MessageSignature(
    byte[] Fields, string Author, DkimDomainKeys? Keys, string? Fault)
{
    /// <summary>The result for a message that is not to be signed.</summary>
    internal static MessageSignature None { get; } = new([], "", null, null);
}
