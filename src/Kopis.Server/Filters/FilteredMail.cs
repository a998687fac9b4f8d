using Kopis.Mail.Milter;

namespace Kopis.Server.Filters;

/// <summary>What filters are told of a message before it comes.</summary>
/// <param name="Id">What it is called in our log and the filters'.</param>
/// <param name="Client">The client.</param>
/// <param name="Sender">The envelope sender.</param>
/// <param name="Macros">Further facts, by the names that Sendmail gave them.</param>
internal sealed record FilteredMail(
    string Id, MilterClient Client, byte[] Sender,
    IReadOnlyList<(string Name, byte[]? Value)> Macros)
{
    /// <summary>The recipients that were taken so far.</summary>
    internal List<byte[]> Recipients { get; } = [];
}
