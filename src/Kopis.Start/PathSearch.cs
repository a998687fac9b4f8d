namespace Kopis.Start;

/// <summary>Finds a program as execvp(3) does.</summary>
internal static class PathSearch
{
    /// <summary>The file of a program; null where no directory of the path has it.</summary>
    internal static string? Find(string name, string? path)
    {
        if (name.Contains('/'))
        {
            return name;
        }

        foreach (string directory in (path ?? "/bin:/usr/bin").Split(':'))
        {
            string candidate = Path.Combine(directory.Length == 0 ? "." : directory, name);
            if (File.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}
