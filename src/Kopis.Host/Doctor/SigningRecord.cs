namespace Kopis.Host.Doctor;

/// <summary>The public half of a key that signs.</summary>
/// <param name="Domain">Whose mail.</param>
/// <param name="Name">The record's name.</param>
/// <param name="Record">Its text, as it should be in DNS.</param>
internal sealed record SigningRecord(string Domain, string Name, string Record)
{
    /// <summary>As a line, ended by LF.</summary>
    internal string ToLine() => $"{Domain} {Name} {Record}\n";

    /// <summary>Reads a line; null where it is none.</summary>
    internal static SigningRecord? ReadLine(string line)
    {
        string[] parts = line.Split(' ', 3);
        return parts.Length == 3 && parts[2].Length > 0
            ? new SigningRecord(parts[0], parts[1], parts[2])
            : null;
    }
}
