using System.Security.Cryptography;
using System.Text;
using Kopis.Base;

namespace Kopis.Testing;

/// <summary>A qmail home with virtual users, whose hashes are cheap to check.</summary>
public sealed class TestHome : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("kopis-read");

    public TestHome()
    {
        foreach (string name in (string[])["control", "users"])
        {
            _home.CreateSubdirectory(name);
        }

        File.WriteAllText(In("control/me"), "toyokawa.gcd.org\n");
    }

    public string Path => _home.FullName;

    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Adds a user and makes the Maildir; the result is its path.</summary>
    public string AddUser(string address, string password)
    {
        string local = address[..address.IndexOf('@')];
        string domain = address[(address.IndexOf('@') + 1)..];
        File.AppendAllText(
            In("users/virtual"), $"{address}:{HashOf(password)}:mail/{domain}/{local}\n");
        string maildir = In($"users/mail/{domain}/{local}/Maildir");
        foreach (string name in (string[])["tmp", "new", "cur"])
        {
            Directory.CreateDirectory(System.IO.Path.Combine(maildir, name));
        }

        return maildir;
    }

    /// <summary>Puts a message into a Maildir, some seconds before the manual clock's start.
    /// </summary>
    public static void AddMessage(string maildir, string name, int secondsAgo, string content)
    {
        string path = System.IO.Path.Combine(maildir, name);
        File.WriteAllBytes(path, ByteText.ToBytes(content));
        File.SetLastWriteTimeUtc(path, ManualTime.Start.UtcDateTime.AddSeconds(-secondsAgo));
    }

    public static string HashOf(string password)
    {
        byte[] salt = new byte[16];
        byte[] key = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.Latin1.GetBytes(password), salt, 1, HashAlgorithmName.SHA256, 32);
        return $"pbkdf2-sha256$1${Convert.ToBase64String(salt)}${Convert.ToBase64String(key)}";
    }

    public void Dispose() => _home.Delete(recursive: true);
}
