import ChatTemplates
import Foundation
import Testing

struct FolderTests {
  /// What the template of a folder with these files renders; `nil` where there is none.
  private func text(_ files: [String: String], tools: Bool = false) throws -> String? {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
      try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }
    let template = try ChatTemplate(tokenizerFolder: folder, forTools: tools)
    return try template?.render(messages: [], addGenerationPrompt: false)
  }

  @Test func aBaseModelHasNoTemplate() throws {
    #expect(try text([:]) == nil)
    #expect(try text(["tokenizer_config.json": "{}"]) == nil)
  }

  @Test func theFileBesideTheTokenizerComesFirst() throws {
    var files = ["tokenizer_config.json": #"{"chat_template": "config", "bos_token": "<s>"}"#]
    #expect(try text(files) == "config")
    files["chat_template.jinja"] = "{{ bos_token }}file"
    #expect(try text(files) == "<s>file")
  }

  @Test func namedTemplatesAreChosenByUse() throws {
    let configuration = """
      {"chat_template": [{"name": "tool_use", "template": "tools"},
      {"name": "default", "template": "{{ eos_token }}{{ pad_token is defined }}"}],
      "eos_token": {"content": "</s>", "special": true}, "pad_token": null}
      """
    #expect(try text(["tokenizer_config.json": configuration]) == "</s>False")
    #expect(try text(["tokenizer_config.json": configuration], tools: true) == "tools")
  }

  @Test func aBrokenTemplateNamesItsFile() throws {
    #expect {
      try text(["chat_template.jinja": "\n{{"])
    } throws: {
      "\($0)".hasPrefix("chat_template.jinja:2: ")
    }
  }
}
