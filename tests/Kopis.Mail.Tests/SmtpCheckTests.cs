using Kopis.Mail.Smtp;

namespace Kopis.Mail.Tests;

/// <summary>The list of checks in code is the one that people read.</summary>
public sealed class SmtpCheckTests
{
    [Fact]
    public void The_page_has_the_checks_in_their_order()
    {
        string page = File.ReadAllText(Path.Combine(FindRoot(), "docs/SESSION.md"));
        int start = page.IndexOf("## The order of checks", StringComparison.Ordinal);
        int end = page.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        string[] rows = [.. page[start..end].Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Skip(1)
            .Select(line => line.Split('|')[1].Trim())];
        Assert.Equal(
            Enum.GetNames<SmtpCheck>().Select(name => name.ToLowerInvariant()), rows);
    }

    private static string FindRoot()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Kopis.slnx")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return directory;
    }
}
