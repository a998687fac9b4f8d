using System.Globalization;
using System.Text;

namespace Kopis.Mail.Authentication;

/// <summary>Domain names in the form in which they are looked up and compared: lower case,
/// A-labels, no dot at the end.</summary>
public static class DomainText
{
    /// <summary>The longest name as text (RFC 1035 §2.3.4: 255 bytes on the wire).</summary>
    public const int NameMax = 253;

    /// <summary>The longest label (RFC 1035 §2.3.4).</summary>
    public const int LabelMax = 63;

    private static readonly IdnMapping Idn = new() { AllowUnassigned = true };
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Normalizes a name: U-labels become A-labels (RFC 5891 §4.4, RFC 8616).</summary>
    /// <returns>Null if it is not a domain name of at least one label of letters, digits, hyphens
    /// and underscores.</returns>
    public static string? Normalize(ReadOnlySpan<byte> name)
    {
        if (name is [.., (byte)'.'])
        {
            name = name[..^1];
        }

        const int BytesMax = 1000; // As U-labels; more than NameMax allows as A-labels.
        if (name.IsEmpty || name.Length > BytesMax)
        {
            return null;
        }

        string text;
        try
        {
            text = StrictUtf8.GetString(name);
            text = Ascii.IsValid(text) ? text : ToALabels(text);
        }
        catch (ArgumentException)
        {
            return null; // Not UTF-8, or characters that no name can have.
        }

        text = text.ToLowerInvariant();
        return IsName(text) ? text : null;
    }

    /// <summary>Normalizes a name that is text.</summary>
    public static string? Normalize(string name) => Normalize(Encoding.UTF8.GetBytes(name));

    /// <summary>Whether a name is one that DNS can be asked for: labels of 1 to 63 characters,
    /// 253 in all.</summary>
    public static bool IsName(string name)
    {
        if (name.Length is 0 or > NameMax)
        {
            return false;
        }

        int label = 0;
        foreach (char one in name)
        {
            if (one == '.')
            {
                if (label == 0)
                {
                    return false;
                }

                label = 0;
            }
            else if (++label > LabelMax
                || !(char.IsAsciiLetterOrDigit(one) || one is '-' or '_'))
            {
                return false;
            }
        }

        return label > 0;
    }

    /// <summary>Whether a name equals another or lies below it. Both must be normalized.</summary>
    public static bool IsWithin(string name, string parent) =>
        name.EndsWith(parent, StringComparison.Ordinal)
        && (name.Length == parent.Length || name[^(parent.Length + 1)] == '.');

    private static string ToALabels(string text)
    {
        // The ideographic full stops are dots too (RFC 3490 §3.1).
        string[] labels = text.Split('.', '\u3002', '\uff0e', '\uff61');
        for (int i = 0; i < labels.Length; i++)
        {
            if (!Ascii.IsValid(labels[i]))
            {
                labels[i] = Idn.GetAscii(labels[i].ToLowerInvariant());
            }
        }

        return string.Join('.', labels);
    }
}
