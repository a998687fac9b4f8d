using System.Text.RegularExpressions;
using CsCheck;
using Kopis.Web.Html;

namespace Kopis.Web.Tests;

/// <summary>Nothing foreign becomes markup, and nothing foreign a place to go to.</summary>
public sealed partial class MarkupTests
{
    private const string Hostile = "<script>alert('x')</script>\" onload=\"y&z";

    [Fact]
    public void What_stands_in_a_hole_is_text()
    {
        Markup markup = $"""<a title="{Hostile}">{Hostile}</a>""";
        const string escaped =
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;y&amp;z";
        Assert.Equal($"<a title=\"{escaped}\">{escaped}</a>", markup.ToString());
    }

    [Fact]
    public void Markup_in_a_hole_stays_markup_and_numbers_are_numbers()
    {
        Markup inner = $"<b>{Hostile}</b>";
        Markup all = $"{inner}{-1}{ulong.MaxValue}{1.25}";
        Assert.Equal($"{inner}-118446744073709551615{"1.3"}", all.ToString());
    }

    [Fact]
    public void A_string_that_was_made_before_is_text_even_if_it_looks_like_markup()
    {
        string made = $"<b>{1}</b>";
        Markup markup = $"{made}";
        Assert.Equal("&lt;b&gt;1&lt;/b&gt;", markup.ToString());
    }

    [Fact]
    public void No_text_leaves_an_attribute_or_an_element() => Gen.String.Sample(text =>
    {
        Markup markup = $"""<p class="{text}">{text}</p>""";
        Match parts = Whole().Match(markup.ToString());
        Assert.True(parts.Success);
        Assert.Equal(text, System.Net.WebUtility.HtmlDecode(parts.Groups[1].Value));
        Assert.Equal(text, System.Net.WebUtility.HtmlDecode(parts.Groups[2].Value));
    });

    [Fact]
    public void A_value_is_one_parameter_of_a_link() => Gen.String.Sample(text =>
    {
        if (text.Length == 0 || text.Any(char.IsSurrogate))
        {
            return;
        }

        string link = Link.To("/trace", ("q", text));
        Uri uri = new(new Uri("http://127.0.0.1/"), link);
        Assert.Equal(("127.0.0.1", "/trace", ""), (uri.Host, uri.AbsolutePath, uri.Fragment));
        Assert.Equal(text, Uri.UnescapeDataString(link["/trace?q=".Length..]));
        Assert.DoesNotContain('&', link);
    });

    [Fact]
    public void Bytes_that_could_turn_a_line_around_are_not_shown()
    {
        Assert.Equal("a\uFFFDb\uFFFDc", Shown.Text("a\u202eb\u0007c"));
        Assert.Equal("\uFFFD", Shown.Text([0xff]));
        Assert.Equal("one / two", Shown.Text("one\ntwo\n"u8));
        Assert.Equal(501, Shown.Text(new string('x', 10_000)).Length);
    }

    [GeneratedRegex("""\A<p class="([^"<>']*)">([^"<>']*)</p>\z""", RegexOptions.Singleline)]
    private static partial Regex Whole();
}
