using Kopis.Base;

namespace Kopis.Host.Doctor;

/// <summary>The result of one check of one subject.</summary>
/// <param name="Check">The check.</param>
/// <param name="Subject">The subject: a domain, an address or a file, in printable ASCII.</param>
/// <param name="State">The result.</param>
/// <param name="Text">What was found, in printable ASCII.</param>
/// <param name="Mend">What to do in this case; by default the general text of the catalogue.
/// </param>
internal sealed record DoctorResult(
    DoctorCheck Check, string Subject, DoctorState State, string Text, string Mend)
{
    private const int TextMax = 500; // Of what a peer says, escaped.
    private const int FieldsOfLine = 5;

    /// <summary>Text from a peer, made printable and cut.</summary>
    internal static string Safe(string text) => PrintableText.Of(text, TextMax);

    /// <summary>A line for <see cref="ReadLine"/>, ended by LF.</summary>
    internal string ToLine() => $"{Check.Id}|{(int)State}|{Field(Subject)}|{Field(Text)}|{Mend}\n";

    /// <summary>Parses a line; null if it is not a result.</summary>
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
