namespace Kopis.Queue.Spawn;

/// <summary>A question from qmail-send: which destination has a domain's mail?</summary>
/// <param name="Id">Repeated in the answer.</param>
/// <param name="Domain">The recipients' domain.</param>
/// <param name="Sender">The sender, on which routes may depend.</param>
public sealed record WideQuestion(uint Id, byte[] Domain, byte[] Sender)
{
    /// <summary>The prefix of a question about a relay that an administrator has chosen:
    /// <c>host:port</c> follows in place of a domain.</summary>
    public static ReadOnlySpan<byte> Via => "via "u8;
}
