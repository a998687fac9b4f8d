using Kopis.Mail.Milter;

namespace Kopis.Server.Filters;

/// <summary>What filters are told about a message before it arrives.</summary>
/// <param name="Id">Its id in our log and in the filters' logs.</param>
/// <param name="Client">The client.</param>
/// <param name="Sender">The envelope sender.</param>
/// <param name="Macros">Further facts, by the names of Sendmail's macros.</param>
internal sealed record FilteredMail(
    string Id, MilterClient Client, byte[] Sender,
    IReadOnlyList<(string Name, byte[]? Value)> Macros)
{
    /// <summary>The recipients that were accepted so far.</summary>
    internal List<byte[]> Recipients { get; } = [];
}
