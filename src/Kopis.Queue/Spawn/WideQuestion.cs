namespace Kopis.Queue.Spawn;

/// <summary>qmail-send asks which destination a domain's mail has.</summary>
/// <param name="Id">The answer has it too.</param>
/// <param name="Domain">The recipients' domain.</param>
/// <param name="Sender">The sender, on which routes may depend.</param>
public sealed record WideQuestion(uint Id, byte[] Domain, byte[] Sender)
{
    /// <summary>What stands in a domain's place before a relay that an administrator has chosen,
    /// <c>host:port</c>.</summary>
    public static ReadOnlySpan<byte> Via => "via "u8;
}
