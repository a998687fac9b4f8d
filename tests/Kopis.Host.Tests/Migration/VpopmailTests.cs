using Kopis.Config.Catalog;
using Kopis.Host.Migration;
using Kopis.Host.Migration.Qmail;

namespace Kopis.Host.Tests.Migration;

public sealed class VpopmailTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public VpopmailTests() => Directory.CreateDirectory(In("v/ann"));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("0", true)]
    [InlineData("", true)]
    [InlineData("2", false)]
    [InlineData("x", false)]
    public void Who_may_not_do_all_gets_no_password(string flags, bool works)
    {
        SitePlan plan = Plan($"ann:x:1:{flags}:g:{In("v/ann")}:NOQUOTA:clear word\n");
        string hash = plan.Users["ann@v.a"]();
        Assert.Equal(works, hash != "!");
        Assert.Equal(!works, plan.Losses.Any(loss => loss.Contains($"its flags, {flags}, forbid")));
        Assert.Equal(!works, plan.Losses.Any(loss => loss.EndsWith("kopis user password")));
        Assert.DoesNotContain(plan.Losses, loss => loss.Contains("clear word"));
    }

    [Theory]
    [InlineData("v/ann", true)]
    [InlineData("v/../other", false)]
    [InlineData("other", false)]
    [InlineData("v-other", false)]
    [InlineData("v", false)]
    [InlineData("v/link", false)]
    [InlineData("v/file", false)]
    public void Only_a_directory_of_the_domain_is_looked_into(string home, bool counts)
    {
        foreach (string name in (string[])["v", "v/ann", "other", "v-other", "v/file"])
        {
            Directory.CreateDirectory(In(name));
            if (name != "v/file")
            {
                File.WriteAllText(In($"{name}/.qmail"), "|secret\n");
            }
        }

        File.CreateSymbolicLink(In("v/link"), In("other"));
        File.CreateSymbolicLink(In("v/file/.qmail"), In("other/.qmail"));
        SitePlan plan = Plan($"ann:x:1:0:g:{In(home)}:NOQUOTA\n");
        Assert.Equal(counts, plan.UserInstructions.ContainsKey("ann@v.a"));
        Assert.Equal(!counts, plan.Losses.Any(loss =>
            loss.Contains($"not below {In("v")}") || loss.StartsWith($"{In(home)}/.qmail: ")));
    }

    private SitePlan Plan(string users)
    {
        File.WriteAllText(In("v/vpasswd"), users);
        SitePlan plan = new();
        plan.Assignments.Add($"+v.a-:v.a:1:1:{In("v")}:-::");
        plan.Add(HostFiles.VirtualDomains, "v.a:v.a");
        new VpopmailSite(plan).Plan();
        return plan;
    }

    private string In(string name) => Path.Combine(_directory, name);
}
