using Kopis.Base;

namespace Kopis.Host.Doctor;

/// <summary>What one check says of one subject.</summary>
/// <param name="Check">The check.</param>
/// <param name="Subject">Of what: a domain, an address, a file; printing ASCII.</param>
/// <param name="State">The result.</param>
/// <param name="Text">What was found; printing ASCII.</param>
/// <param name="Mend">What to do here; the catalogue's words where nothing is closer.</param>
internal sealed record DoctorResult(
    DoctorCheck Check, string Subject, DoctorState State, string Text, string Mend)
{
    private const int TextMax = 500; // Of what a peer says, escaped.
    private const int FieldsOfLine = 5;

    /// <summary>Text of a peer's as it can be shown: printing ASCII, cut.</summary>
    internal static string Safe(string text) => PrintableText.Of(text, TextMax);

    /// <summary>A line for <see cref="ReadLine"/>, ended by LF.</summary>
    internal string ToLine() => $"{Check.Id}|{(int)State}|{Field(Subject)}|{Field(Text)}|{Mend}\n";

    /// <summary>Reads a line; null where it is none.</summary>
    internal static DoctorResult? ReadLine(string line)
    {
        string[] parts = line.Split('|', FieldsOfLine);
        return parts.Length == FieldsOfLine && DoctorCatalog.Find(parts[0]) is { } check
            && int.TryParse(parts[1], out int state)
            && Enum.IsDefined((DoctorState)state)
            ? new DoctorResult(check, parts[2], (DoctorState)state, parts[3], parts[4])
            : null;
    }

    private static string Field(string text) => text.Replace('|', '/');
}
