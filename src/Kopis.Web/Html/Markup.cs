using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Kopis.Web.Html;

/// <summary>Markup. The literal parts of an interpolated string are markup. A value in it is text,
/// which is escaped both for content and for attributes in double quotes; only another
/// <see cref="Markup"/> is inserted unchanged. A string cannot be turned into markup.</summary>
[InterpolatedStringHandler]
internal readonly struct Markup
{
    private readonly StringBuilder _text;

    /// <summary>Called by the compiler.</summary>
    public Markup(int literalLength, int holes) =>
        _text = new StringBuilder(literalLength + (holes * 16));

    /// <summary>Empty markup.</summary>
    internal static Markup None => new(0, 0);

    /// <summary>Forces the compiler to make markup of a literal, where it would make a string.
    /// </summary>
    internal static Markup Of(Markup markup) => markup;

    /// <summary>Joins parts in order.</summary>
    internal static Markup Join(IEnumerable<Markup> parts)
    {
        Markup all = None;
        foreach (Markup part in parts)
        {
            all._text.Append(part._text);
        }

        return all;
    }

    /// <summary>Appends markup of the source file.</summary>
    public void AppendLiteral(string markup) => _text.Append(markup);

    /// <summary>Appends markup unchanged.</summary>
    public void AppendFormatted(Markup markup) => _text.Append(markup._text);

    /// <summary>Appends text, escaped.</summary>
    public void AppendFormatted(string? text)
    {
        foreach (char c in text ?? "")
        {
            switch (c)
            {
                case '&':
                    _text.Append("&amp;");
                    break;
                case '<':
                    _text.Append("&lt;");
                    break;
                case '>':
                    _text.Append("&gt;");
                    break;
                case '"':
                    _text.Append("&quot;");
                    break;
                case '\'':
                    _text.Append("&#39;");
                    break;
                default:
                    _text.Append(c);
                    break;
            }
        }
    }

    /// <summary>Appends a number.</summary>
    public void AppendFormatted(long number) =>
        _text.Append(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Appends a number.</summary>
    public void AppendFormatted(ulong number) =>
        _text.Append(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Appends a number with one decimal, as SVG needs it.</summary>
    public void AppendFormatted(double number) =>
        _text.Append(number.ToString("0.#", CultureInfo.InvariantCulture));

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
