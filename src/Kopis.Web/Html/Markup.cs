using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Kopis.Web.Html;

/// <summary>Markup. What a source file writes between <c>$"</c> and <c>"</c> is markup, and what
/// stands in a hole of it is text, which is escaped there, for content and for attributes in double
/// quotes alike; only another <see cref="Markup"/> gets in as it is. There is no way to make one
/// of a string.</summary>
[InterpolatedStringHandler]
internal readonly struct Markup
{
    private readonly StringBuilder _text;

    /// <summary>Called by the compiler.</summary>
    public Markup(int literalLength, int holes) =>
        _text = new StringBuilder(literalLength + (holes * 16));

    /// <summary>Nothing.</summary>
    internal static Markup None => new(0, 0);

    /// <summary>Markup of the source, where the compiler would make a string.</summary>
    internal static Markup Of(Markup markup) => markup;

    /// <summary>One after another.</summary>
    internal static Markup Join(IEnumerable<Markup> parts)
    {
        Markup all = None;
        foreach (Markup part in parts)
        {
            all._text.Append(part._text);
        }

        return all;
    }

    /// <summary>Markup of the source.</summary>
    public void AppendLiteral(string markup) => _text.Append(markup);

    /// <summary>Markup as it is.</summary>
    public void AppendFormatted(Markup markup) => _text.Append(markup._text);

    /// <summary>Text, escaped.</summary>
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

    /// <summary>A number.</summary>
    public void AppendFormatted(long number) =>
        _text.Append(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number.</summary>
    public void AppendFormatted(ulong number) =>
        _text.Append(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number, to one tenth, as SVG has it.</summary>
    public void AppendFormatted(double number) =>
        _text.Append(number.ToString("0.#", CultureInfo.InvariantCulture));

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
