using System.Text;
using System.Text.RegularExpressions;

namespace Kopis.Config.Catalog;

/// <summary>The manual page qmail-control(5), made from the catalogue.</summary>
public static partial class ControlManual
{
    private const int Columns = 100;

    private const string Head = """
        .\" Made from the catalogue of control files by "kopis config manual".
        .Dd November 29, 2026
        .Dt QMAIL-CONTROL 5
        .Os Kopis
        .Sh NAME
        .Nm qmail-control
        .Nd control files
        .Sh DESCRIPTION
        Each file in the directory
        .Pa control
        of the qmail home holds one setting, each file in
        .Pa users
        a table of users, and each file in
        .Pa auth
        logins at relays.
        A file that is not there means its default.
        A file that cannot be read or understood stops the program that needs it, or puts mail off:
        a default in its place could send mail to the wrong place.
        .Pp
        Of a file with a line or a number the first line counts.
        Of a list all lines count but empty ones and those that begin with
        .Li # .
        Spaces, tabs and CRs at the end of a line mean nothing.
        The case of ASCII letters does not matter in domains and addresses.
        Of two lines of a list with the same key the last one counts.
        A number that is too large counts as the largest, with a warning; one that is too small is
        an error.
        .Pp
        Where a change takes effect on SIGHUP,
        .Ic kopis config set
        sends that; after another change
        .Ic systemctl reload kopis
        does.
        Where it takes effect when the program starts again,
        .Xr kopis-restart 1
        starts all of them.
        .Pp
        .Xr kopis-config 1
        checks all files and prints what each means here.
        Files that qmail does not have are marked with (Kopis).

        """;

    private const string Tail = """
        .Sh SEE ALSO
        .Xr kopis-config 1 ,
        .Xr kopis-install 1 ,
        .Xr qmail-auth 5 ,
        .Xr qmail-users 5 ,
        .Xr qmail-send 8 ,
        .Xr qmail-showctl 8 ,
        .Xr qmail-smtpd 8

        """;

    /// <summary>The whole page, as mdoc(7).</summary>
    public static string Page()
    {
        StringBuilder page = new(Head);
        AddList(page, "FILES OF CONTROL", "control");
        AddList(page, "FILES OF USERS", "users");
        AddList(page, "FILES OF AUTH", AuthFiles.Directory);
        return page.Append(Tail).ToString();
    }

    /// <summary>Sentences that say what a file holds and what applies without it.</summary>
    public static string Values(ControlFile file)
    {
        string shape = $"{char.ToUpperInvariant(file.Shape[0])}{file.Shape[1..]}.";
        return file is ControlNumber or ControlLine
            ? $"{shape} Default: {file.Default}."
            : $"{shape} Without it: "
                + Continued((file as ControlList)?.Manual ?? file.Default);
    }

    // Lowers the first letter, unless the first word is a name such as TLS.
    private static string Continued(string sentence) =>
        sentence.Length > 1 && char.IsUpper(sentence[1])
            ? sentence : $"{char.ToLowerInvariant(sentence[0])}{sentence[1..]}";

    private static void AddList(StringBuilder page, string title, string folder)
    {
        page.Append(null, $".Sh {title}\n.Bl -tag -width Ds\n");
        foreach (ControlFile file in ControlCatalog.All.Where(file => file.Folder == folder))
        {
            page.Append(null, $".It Pa {file.Name}{(file.IsQmails ? "" : " Pq Kopis")}\n");
            foreach (string sentence in Sentences().Split($"{file.Text} {Values(file)}"))
            {
                Add(page, sentence);
            }

            AddUsual(page, file);
            string readers = file.Readers.Replace(" ", ", ", StringComparison.Ordinal);
            Add(page, $"Read by {readers}; a change takes effect {file.Effect}.");
        }

        page.Append(".El\n");
    }

    private static void AddUsual(StringBuilder page, ControlFile file)
    {
        if (file is not ControlList { Usual: { Count: > 0 } lines })
        {
            return;
        }

        page.Append("These lines count after those of the file:\n.Bd -literal -compact\n");
        foreach (string line in lines)
        {
            page.Append(null, $"{line.Replace("\\", "\\e", StringComparison.Ordinal)}\n");
        }

        page.Append(".Ed\n");
    }

    /// <summary>Adds a sentence at the start of a line, with references to manual pages marked up.
    /// </summary>
    private static void Add(StringBuilder page, string sentence)
    {
        string line = "";
        foreach (string word in sentence.Split(' '))
        {
            Match match = PageName().Match(word);
            string text = match.Success ? "" : Escape(word, isFirst: line.Length == 0);
            if (match.Success || line.Length + 1 + text.Length > Columns)
            {
                page.Append(line.Length > 0 ? line + "\n" : "");
                line = match.Success ? "" : Escape(word, isFirst: true);
            }
            else
            {
                line += line.Length > 0 ? " " + text : text;
            }

            if (match.Success)
            {
                string end = match.Groups["end"].Value;
                page.Append(null, $".Xr {match.Groups["name"].Value} ")
                    .Append(null, $"{match.Groups["section"].Value}")
                    .Append(end.Length > 0 ? $" {end}\n" : "\n");
            }
        }

        page.Append(line.Length > 0 ? line + "\n" : "");
    }

    // At the start of a line, a dot or a quote would begin a command.
    private static string Escape(string word, bool isFirst)
    {
        string text = word.Replace("\\", "\\e", StringComparison.Ordinal);
        return isFirst && text[0] is '.' or '\'' ? "\\&" + text : text;
    }

    [GeneratedRegex(@"^(?<name>[a-z0-9-]+)\((?<section>\d)\)(?<end>[.,;:]?)$")]
    private static partial Regex PageName();

    [GeneratedRegex(@"(?<=\.) (?=[A-Z0-9])")]
    private static partial Regex Sentences();
}
