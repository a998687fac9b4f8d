using System.Text;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Host.Migration;
using Kopis.Host.Migration.Postfix;
using Kopis.Host.Migration.Qmail;
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
                plan, Host, "h.example", ["h.example", "b.a"], ["a.b"], ["a"],
                [Line(random, 1), Line(random, 2)]);
            ForeignLine[] lines = [.. Enumerable.Range(1, 3).Select(i => Line(random, i))];
            foreach (AliasEntry entry in AliasText.Parse(ForeignText.Joined(lines), plan))
            {
                planner.AddAlias(entry);
            }

            planner.AddVirtual([Entry(random), Entry(random)]);
            planner.Plan([Entry(random)], new Dictionary<string, Func<string>>());
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
    public void A_domain_of_vpopmail_is_sound_or_told()
    {
        Random random = new(11);
        string[] names =
            ["vpasswd", "vpasswd.cdb", ".qmail-default", ".qmail-a", ".qmail-b:\x1b", "a/.qmail"];
        Directory.CreateDirectory(Path.Combine(_directory, "a"));
        int fromTable = 0, refused = 0;
        for (int round = 0; round < Rounds / 10; round++)
        {
            foreach (string name in names)
            {
                string text = string.Join('\n', Enumerable.Range(1, 3).Select(i =>
                    random.Next(2) == 0 ? Line(random, i).Text
                        : $"a:x:1:{Field(random)}:g:{_directory}/a:{Field(random)}"));
                File.WriteAllBytes(
                    Path.Combine(_directory, name),
                    name.EndsWith(".cdb", StringComparison.Ordinal) ? Table(random, text)
                        : Encoding.UTF8.GetBytes(text));
            }

            bool hasText = random.Next(2) == 0;
            if (!hasText)
            {
                File.Delete(Path.Combine(_directory, "vpasswd")); // So that the cdb is read.
            }

            SitePlan plan = new();
            plan.Assignments.Add($"+v.a-:v.a:1:1:{_directory}:-::");
            plan.Add(HostFiles.VirtualDomains, "v.a:v.a");
            plan.Add(HostFiles.VirtualDomains, $"{Line(random, 1).Text}:v.a");
            new VpopmailSite(plan).Plan();
            fromTable += plan.Users.Count > 0 && !hasText ? 1 : 0;
            refused += plan.Losses.Any(loss => loss.Contains("vpasswd.cdb: ")) ? 1 : 0;
            Assert.Contains("v.a", plan.Lists[HostFiles.Locals.Name]);
            Assert.All(plan.Aliases, alias => Assert.Null(VirtualAliases.Check(alias.Value)));
            Assert.All(plan.Users.Keys, user => Assert.Null(VirtualAddress.Check(user)));
            Assert.All(plan.Instructions.Keys, key =>
                Assert.DoesNotContain(key, c => c is <= ' ' or > '~' or '/'));
        }

        Assert.InRange(fromTable, 10, Rounds);
        Assert.InRange(refused, 10, Rounds);
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

    // One that is sound but for what is in it, and often for a few bytes too.
    private static byte[] Table(Random random, string text)
    {
        CdbWriter writer = new();
        foreach (string line in text.Split('\n'))
        {
            int colon = Math.Max(0, line.IndexOf(':'));
            writer.Add(
                Encoding.UTF8.GetBytes(line[..colon]),
                Encoding.UTF8.GetBytes(line[Math.Min(line.Length, colon + 1)..]));
        }

        byte[] table = writer.ToArray();
        for (int i = random.Next(4); i > 0; i--)
        {
            table[random.Next(table.Length)] = (byte)random.Next(256);
        }

        return random.Next(4) == 0 ? table[..random.Next(table.Length)] : table;
    }

    // No password in the clear comes of it, which would be hashed at length.
    private static string Field(Random random) => Line(random, 1).Text.Replace(":", "");

    private static TableEntry Entry(Random random) => new(
        Line(random, 1).Text.Replace(" ", "").Replace("\t", "").ToLowerInvariant() + "@a",
        Line(random, 1).Text, default);
}
