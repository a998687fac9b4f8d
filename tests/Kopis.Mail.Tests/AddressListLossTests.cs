using System.Text;
using CsCheck;
using Kopis.Mail.Addresses;

namespace Kopis.Mail.Tests;

/// <summary>Whoever is named in a list is found, or the list is unclear: nobody is passed over, and
/// nobody is made up.</summary>
public sealed class AddressListLossTests
{
    private const char Close = '\u0001'; // Stands for the bracket.

    private static readonly AddressDefaults Defaults = new(
        "host"u8.ToArray(), "example.net"u8.ToArray(), "plus.org"u8.ToArray());

    private static readonly Gen<string> Comment =
        OneOf("", "", " (c)", " (a \\) b)", "(c (d))\n ", " (x@y.z, <u@v.w>)");

    private static readonly Gen<string> Space = OneOf("", " ", "\n ", "\r\n\t", "  ");

    private static readonly Gen<string> Name =
        OneOf("Joe", "\"Doe, Joe <x>\"", "Joe Q. Doe", "[List] Joe", "Joe)", "\"\"");

    // Each has the words of one address, its number between.
    private static readonly Gen<(string Before, string After)> Box = OneOf(
        ("u", "@h.i"), ("u.", "@h"), ("\"u ", "\"@h.i"), ("u", " @ h . i"), ("(c)u", "(c)@(d)h.i"),
        ("u", "@[1.2.3.4]"), ("u", ""), ("\"u,", ">\"@h"), ("u", "@h.i."));

    private static readonly Gen<string> Missing = OneOf(",", ",", ", ,", "");

    [Fact]
    public void No_address_of_a_list_is_missing_from_envelope_and_error_together() =>
        Gen.Select(Element.Array[1, 8], Gen.Bool).Sample((elements, crlf) =>
        {
            string body = "";
            List<string> named = [];
            foreach (Func<int, (string Text, string[] Named)> element in elements)
            {
                (string text, string[] here) = element(named.Count);
                body += text;
                named.AddRange(here);
            }

            body = body.Replace(Close, '>');
            body = crlf ? body.Replace("\n", "\r\n", StringComparison.Ordinal) : body;
            AddressList list = AddressList.Read(Encoding.Latin1.GetBytes(body), Defaults);
            Assert.True(list.IsUnclear || named.SequenceEqual(Numbers(list)),
                $"{body}: {string.Join(' ', list.Addresses.Select(Encoding.Latin1.GetString))}");
        }, iter: 5_000);

    [Fact]
    public void A_list_of_the_grammar_is_never_unclear() =>
        Whole.Array[1, 8].Sample(elements =>
        {
            string body = string.Join(',', elements.Select((element, i) => element(i).Text))
                .Replace(Close, '>');
            AddressList list = AddressList.Read(Encoding.Latin1.GetBytes(body), Defaults);
            Assert.True(list is { IsWhole: true, IsUnclear: false }, body);
            Assert.Equal(elements.Length, list.Addresses.Count);
        });

    private static Gen<Func<int, (string Text, string[] Named)>> Whole => Gen.OneOf(Bare, Angle);

    private static Gen<Func<int, (string Text, string[] Named)>> Bare =>
        Gen.Select(Space, Box, Comment).Select((space, box, comment) =>
            One(number => $"{space}{box.Before}{number}{box.After}{comment}"));

    private static Gen<Func<int, (string Text, string[] Named)>> Angle =>
        Gen.Select(Space, Name, Box, Comment, OneOf("", "@r:", "@r,@s.t:"))
            .Select((space, name, box, comment, route) => One(number =>
                $"{space}{name} <{route}{box.Before}{number}{box.After}{Close}{comment}"));

    // With what people forget, or put where it should not be. A comma that lacks before a bracket
    // would make what is on its left a phrase; there it is kept.
    private static Gen<Func<int, (string Text, string[] Named)>> Element =>
        Gen.Select(Gen.Int[0, 4], Bare, Angle, Missing, Space).Select(
            (kind, bare, angle, missing, space) =>
                (Func<int, (string Text, string[] Named)>)(number =>
                {
                    (string text, string[] named) = kind is 0 or 3 ? bare(number) : angle(number);
                    (string inner, string[] more) = angle(number + 1);
                    return kind switch
                    {
                        0 => ($"{text}, ", named),
                        1 => ($"{text}{missing}{space}", named),
                        2 => ($"{text.Replace($"{Close}", "", StringComparison.Ordinal)}, ", named),
                        3 => ($"{text}>, ", named),
                        _ => ($"group: {text}, {inner};{missing}", [.. named, .. more]),
                    };
                }));

    private static Gen<T> OneOf<T>(params T[] choices) =>
        Gen.Int[0, choices.Length - 1].Select(i => choices[i]);

    private static Func<int, (string Text, string[] Named)> One(Func<string, string> text) =>
        number => (text($"{number}n"), [$"{number}n"]);

    // Which of the named an address is.
    private static IEnumerable<string> Numbers(AddressList list) =>
        list.Addresses.Select(address =>
        {
            string text = Encoding.Latin1.GetString(address);
            int end = text.IndexOf('n', StringComparison.Ordinal);
            int start = text.IndexOfAny([.. "0123456789"]);
            return start >= 0 && end > start ? text[start..(end + 1)] : text;
        });
}
