namespace Kopis.Host.Doctor;

/// <summary>The public half of a signing key.</summary>
/// <param name="Domain">The domain whose mail it signs.</param>
/// <param name="Name">The record's name.</param>
/// <param name="Record">The record's text, as it should be in DNS.</param>
internal sealed record SigningRecord(string Domain, string Name, string Record)
{
    /// <summary>The record as a line, ended by LF.</summary>
    internal string ToLine() => $"{Domain} {Name} {Record}\n";

    /// <summary>Parses a line; null if it is malformed.</summary>
    internal static SigningRecord? ReadLine(string line)
    {
        string[] parts = line.Split(' ', 3);
        return parts.Length == 3 && parts[2].Length > 0
            ? new SigningRecord(parts[0], parts[1], parts[2])
            : null;
    }
}
