using System.Text;
using Kopis.Base;
using Kopis.Server.ClientPolicy;

namespace Kopis.Server.Tests.ClientPolicy;

public sealed class ClientCheckTests
{
    private static readonly Dictionary<string, string?> Table = new()
    {
        ["2.0.0.127.block"] = "Blocked",
        ["2.0.0.127.two"] = "one |two",
        ["2.0.0.127.pardon"] = "127.0.0.2",
        ["2.0.0.127.dead"] = null,
    };

    [Theory] // ucspi-tcp 0.88: the options, and what they come to.
    [InlineData("-r none", "in")]
    [InlineData("-r block", "451 Blocked")]
    [InlineData("-br block", "553 Blocked")]
    [InlineData("-r two", "451 one two")]
    [InlineData("-a pardon -r block", "in")]
    [InlineData("-a none -r block", "451 Blocked")]
    [InlineData("-r block -a pardon", "451 Blocked")]
    [InlineData("-r dead", "in")]
    [InlineData("-cr dead", "451 temporary RBL lookup error")]
    [InlineData("-bcr dead", "451 temporary RBL lookup error")]
    [InlineData("-a dead -r block", "in")]
    [InlineData("-ca dead -r block", "451 Blocked")]
    [InlineData("-bca dead -r block", "451 Blocked")]
    [InlineData("-br dead -r block", "451 Blocked")]
    [InlineData("-cCr dead", "in")]
    public async Task Verdicts(string options, string verdict) =>
        Assert.Equal(verdict, await Check(new TableDns(Table), options, null));

    [Theory]
    [InlineData("", "in")]
    [InlineData("why", "451 why")]
    [InlineData("-why", "553 why")]
    [InlineData("a\tb\n", "451 a?b?")]
    public async Task The_variable_decides_and_no_list_is_asked(string value, string verdict)
    {
        TableDns dns = new(Table);
        Assert.Equal(verdict, await Check(dns, "-b -r block", value));
        Assert.Empty(dns.Asked);
    }

    [Fact]
    public async Task Lists_are_asked_until_one_decides()
    {
        TableDns dns = new(Table);
        await Check(dns, "-r none -a none2 -r block -r two", null);
        Assert.Equal(["2.0.0.127.none", "2.0.0.127.none2", "2.0.0.127.block"], dns.Asked);
    }

    private static async Task<string> Check(TableDns dns, string options, string? variable)
    {
        byte[][] words =
            [.. $"{options} smtpd".Split(' ').Select(word => Encoding.ASCII.GetBytes(word))];
        ByteEnvironment environment = new();
        environment.SetText("TCPREMOTEIP", "127.0.0.2");
        if (variable is not null)
        {
            environment.SetText("RBLSMTPD", variable);
        }

        Rejection? rejection = await new ClientCheck(
            RblsmtpdOptions.Parse(words), new DnsListQuery(dns)).RunAsync(environment, default);
        return rejection is null ? "in" : $"{rejection.Code} {rejection.Text}";
    }
}
