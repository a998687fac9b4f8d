namespace Kopis.Server.ClientPolicy;

/// <summary>Why a client is not served: a reply in parts.</summary>
/// <param name="Code">Of SMTP.</param>
/// <param name="Status">RFC 3463.</param>
/// <param name="Text">For people, with the status at its end as qmail has it.</param>
public sealed record ClientRefusal(string Code, string Status, string Text)
{
    /// <summary>Makes one whose text ends in its status.</summary>
    internal static ClientRefusal Of(string code, string status, string text) =>
        new(code, status, $"{text} (#{status})");
}
