namespace Kopis.Config.Maps;

/// <summary>Names of hosts as DNS and certificates have them (RFC 1035 §2.3.4, RFC 1123 §2.1); an
/// underscore is let pass, since names in use have it.</summary>
public static class HostNames
{
    private const int NameCharsMax = 253;
    private const int LabelCharsMax = 63;
    private const string NobodysDomain = "localdomain"; // A domain that nobody else has.

    /// <summary>Whether it can be in DNS and in a certificate.</summary>
    public static bool IsSound(string name) =>
        name.Length is > 0 and <= NameCharsMax && Array.TrueForAll(name.Split('.'), IsLabel);

    /// <summary>The nearest name that is sound, and has a dot: what the kernel holds may be any
    /// 64 bytes.</summary>
    public static string Sound(string name)
    {
        string[] labels = [.. name.ToLowerInvariant().Split('.').Select(Nearest)
            .Where(label => label.Length > 0)];
        string sound = labels switch
        {
            [] => $"localhost.{NobodysDomain}",
            [string one] => $"{one}.{NobodysDomain}",
            _ => string.Join('.', labels),
        };
        return sound.Length <= NameCharsMax ? sound : Sound(labels[0]);
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= LabelCharsMax && label.All(IsLabelChar)
        && label[0] != '-' && label[^1] != '-';

    private static string Nearest(string label)
    {
        string kept = string.Concat(label.Where(IsLabelChar)).Trim('-');
        return kept.Length <= LabelCharsMax ? kept : kept[..LabelCharsMax].TrimEnd('-');
    }

    private static bool IsLabelChar(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';
}
