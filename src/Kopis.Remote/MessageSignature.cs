using Kopis.Net.Dkim;

namespace Kopis.Remote;

/// <summary>What signing a message came to.</summary>
/// <param name="Fields">The DKIM-Signature fields, in lines that end in LF; empty for a message
/// that goes out unsigned.</param>
/// <param name="Author">The domain of From whose keys were used.</param>
/// <param name="Keys">The keys of that domain; null where there are none.</param>
/// <param name="Fault">Why the message cannot be sent now; null where it can.</param>
internal sealed record MessageSignature(
    byte[] Fields, string Author, DkimDomainKeys? Keys, string? Fault)
{
    /// <summary>Of a message that is not to be signed.</summary>
    internal static MessageSignature None { get; } = new([], "", null, null);
}
