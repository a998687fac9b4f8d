using System.Net;
using Kopis.Host.Doctor;
using Kopis.Net.Dns;

namespace Kopis.Host.Tests.Doctor;

/// <summary>Lists in DNS (RFC 5782): what is said of the address, and what of the question.
/// </summary>
public class ListJudgeTests
{
    private static readonly IPAddress Own = IPAddress.Parse("198.51.100.7");

    [Theory]
    [InlineData("198.51.100.7", "7.100.51.198.l.example")]
    [InlineData("2001:db8::1",
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.l.example")]
    public void An_address_is_asked_for_backwards(string address, string name) =>
        Assert.Equal(name, ListJudge.NameOf(IPAddress.Parse(address), "l.example"));

    [Theory]
    [InlineData("", "", "list.works ok, list.listed ok")]
    [InlineData("127.0.0.2", "", "list.works ok, list.listed fault")]
    [InlineData("127.0.0.2", "127.0.0.2", "list.works warning")]
    [InlineData("203.0.113.1", "", "list.works warning")]
    [InlineData("127.255.255.252", "", "list.listed unchecked")]
    [InlineData("127.255.255.254", "", "list.listed unchecked")]
    [InlineData("127.255.255.255", "127.255.255.255", "list.listed unchecked")]
    public void Codes(string own, string never, string wanted) => Assert.Equal(
        wanted, Said(ListJudge.Judge("l.example", [(Own, Answer(own))], Answer(never))));

    [Fact]
    public void A_list_that_does_not_answer_says_nothing() => Assert.Equal(
        "list.works ok, list.listed unchecked",
        Said(ListJudge.Judge(
            "l.example", [(Own, new DnsAnswer<IPAddress>(DnsStatus.TryAgain, []))], Answer(""))));

    [Fact]
    public void A_list_that_answers_nothing_is_not_said_to_work() => Assert.Equal(
        "list.works unchecked",
        Said(ListJudge.Judge(
            "l.example", [], new DnsAnswer<IPAddress>(DnsStatus.TryAgain, []))));

    private static DnsAnswer<IPAddress> Answer(string address) => address.Length == 0
        ? new DnsAnswer<IPAddress>(DnsStatus.NoSuchName, [])
        : new DnsAnswer<IPAddress>(DnsStatus.Found, [IPAddress.Parse(address)]);

    private static string Said(IEnumerable<DoctorResult> results) => string.Join(
        ", ", results.Select(one => $"{one.Check.Id} {DoctorText.Word(one.State)}"));
}
