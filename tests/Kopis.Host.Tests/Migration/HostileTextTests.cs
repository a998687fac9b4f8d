using Kopis.Host.Migration;
using Kopis.Host.Migration.Postfix;
using Kopis.Host.Migration.Sendmail;
using Kopis.Users.Virtual;

namespace Kopis.Host.Tests.Migration;

/// <summary>Whatever is in another server's files, reading them ends, and what is planned is
/// sound.</summary>
public sealed class HostileTextTests : IDisposable
{
    private const int Rounds = 2000;
    private const string Alphabet = "ab@.:,;|/\\\"$(){}%!&#<>[]=- \tK0\u00e9\x1b";

    private static readonly HostView Host = new("h.example", name => name == "a", _ => false);
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Aliases_are_sound_or_told()
    {
        Random random = new(5);
        for (int round = 0; round < Rounds; round++)
        {
            SitePlan plan = new();
            AddressPlanner planner = new(
                plan, Host, "h.example", ["h.example", "b.a"], ["a.b"], ["a"]);
            ForeignLine[] lines = [.. Enumerable.Range(1, 3).Select(i => Line(random, i))];
            foreach (AliasEntry entry in AliasText.Parse(ForeignText.Joined(lines), plan))
            {
                planner.AddAlias(entry);
            }

            planner.AddVirtual([Entry(random), Entry(random)]);
            planner.Plan([Entry(random)], new Dictionary<string, string>());
            Assert.All(plan.Aliases, alias =>
            {
                Assert.Null(VirtualAddress.Check(
                    alias.Key[0] == '@' ? "x" + alias.Key : alias.Key));
                Assert.Null(VirtualAliases.Check(alias.Value));
            });
            Assert.All(plan.Instructions, file =>
            {
                Assert.DoesNotContain('/', file.Key);
                Assert.DoesNotContain(file.Key, c => c is <= ' ' or > '~');
                Assert.DoesNotContain(file.Value, line => line.Contains('\n'));
            });
        }
    }

    [Fact]
    public void A_main_cf_and_a_sendmail_cf_are_read_or_refused()
    {
        Random random = new(7);
        for (int round = 0; round < Rounds; round++)
        {
            SitePlan plan = new();
            List<ForeignLine> lines = [.. Enumerable.Range(1, 4).Select(i => Line(random, i) with
            {
                Text = $"{(char)random.Next('a', 'e')} = {Line(random, i).Text}",
            })];
            MainCf main = new(ForeignText.Joined(lines), "h.example", plan);
            foreach (string name in main.Names)
            {
                try
                {
                    _ = main.Words(name);
                }
                catch (FormatException)
                {
                    // It is refused.
                }
            }

            _ = new SendmailCf([.. lines.Select(line => line with
            {
                Text = "CDFKO"[random.Next(5)] + Line(random, 1).Text,
            })]);
        }
    }

    [Fact]
    public void A_file_that_is_no_text_or_too_long_is_told()
    {
        string path = Path.Combine(_directory, "x");
        File.WriteAllBytes(path, [(byte)'a', 0]);
        Assert.Null(ForeignText.TryRead(path, out string why));
        Assert.Equal("it is not text", why);
        File.WriteAllText(path, new string('a', 300_000));
        Assert.Null(ForeignText.TryRead(path, out why));
        Assert.Equal("line 1 is too long", why);
        Assert.Null(ForeignText.TryRead(_directory, out why));
        Assert.Equal("is a directory", why);
        Assert.Null(ForeignText.TryRead(path + "y", out why));
        Assert.Equal("file does not exist", why);
    }

    private static ForeignLine Line(Random random, int number) => new(
        "f", number,
        string.Concat(Enumerable.Range(0, random.Next(24)).Select(_ =>
            Alphabet[random.Next(Alphabet.Length)])));

    private static TableEntry Entry(Random random) => new(
        Line(random, 1).Text.Replace(" ", "").Replace("\t", "").ToLowerInvariant() + "@a",
        Line(random, 1).Text, default);
}
